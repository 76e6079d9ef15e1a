"""Ratings at intake and at discharge: regression to the mean, and ratings missing where a child did worse."""

import numpy as np
import pandas as pd

from analysis.demo.companions.parts import Scale
from analysis.demo.draws import DAY, at_sites
from analysis.demo.scenario import Scenario
from analysis.tables import SCALE_RANGES, SCALES_TABLE

BETTER = {"ohio_problems": -1, "ohio_functioning": 1}  # the sign of a change for the better


def make_ratings(care: pd.DataFrame, scenario: Scenario) -> tuple[pd.DataFrame, dict]:
    """The scales table, one row per rating, and what is true of the changes; takes care as `find_care` gives it.

    A child's true severity is one number that both scales show, its true change another; a score is the true value, the rater's
    own lean, and noise, as a whole number inside the scale's range. Who is rated at discharge depends on the true change.
    """
    rng = scenario.stream("scales")
    stays = care.dropna(subset=["from_on"]).reset_index(drop=True)
    severity, change = rng.normal(size=(2, len(stays)))
    rated = _draw_rated(stays, change, scenario, rng)
    ratings, truth = [], {}
    for scale, parts in (("ohio_problems", scenario.companions.scales.problems),
                         ("ohio_functioning", scenario.companions.scales.functioning)):  # fmt: skip
        before = parts.mean - BETTER[scale] * severity * parts.sd * np.sqrt(scenario.companions.scales.retest)
        after = before + parts.true_change + BETTER[scale] * change * parts.change_sd
        scores = _draw_scores(scale, parts, before, after, scenario, rng)
        ratings += [_as_rows(stays, scale, who, when, rated, scores[who, when]) for who, when in scores]
        truth[scale] = _true_change(stays, after - before, rated, scores)
    table = pd.concat(ratings, ignore_index=True)
    order = ["episode_id", "scale", "rater", "occasion"]
    return table.sort_values(["rated_on", *order], kind="stable", ignore_index=True)[SCALES_TABLE.names], truth


def _draw_rated(
    stays: pd.DataFrame, change: np.ndarray, scenario: Scenario, rng: np.random.Generator
) -> dict[tuple[str, str], pd.Series]:
    """The day of each rating by rater and occasion, missing where there was none; one rater fills in both scales at once."""
    parts, rows, last = scenario.companions.scales, len(stays), pd.Timestamp(scenario.covers.to_on)
    rated = {}
    short = (stays["discharged_on"] - stays["from_on"]).dt.days.lt(parts.short_stay_days).to_numpy()
    times = parts.odds_per_sd_better**change
    times = times * np.where(short, parts.odds_of_short_stay, 1) * np.where(stays["lost"], parts.odds_of_lost, 1)
    for who in ("worker", "parent"):
        began = rng.random(rows) < at_sites(parts.at_intake[who], stays["site_id"])
        on = (stays["from_on"] + rng.integers(0, 3, rows) * DAY).clip(upper=stays["discharged_on"].fillna(last))
        rated[who, "intake"] = on.where(began)
        odds = parts.at_discharge[who] / (1 - parts.at_discharge[who]) * times
        ended = began & stays["discharged_on"].notna() & (rng.random(rows) < odds / (1 + odds))
        off = stays["discharged_on"] - rng.integers(0, 2, rows) * DAY
        rated[who, "discharge"] = off.clip(lower=on).where(ended)
    return rated


def _draw_scores(
    scale: str, parts: Scale, before: np.ndarray, after: np.ndarray, scenario: Scenario, rng: np.random.Generator
) -> dict[tuple[str, str], np.ndarray]:
    lowest, highest = SCALE_RANGES[scale]
    noise = parts.sd * np.sqrt(1 - scenario.companions.scales.retest)
    scores = {}
    for who, lean in (("worker", 0.0), ("parent", parts.parent_differs)):
        for when, true_value in (("intake", before), ("discharge", after)):
            observed = np.rint(true_value + lean + rng.normal(0, noise, len(true_value)))
            scores[who, when] = np.clip(observed, lowest, highest).astype("int64")
    return scores


def _as_rows(stays: pd.DataFrame, scale: str, who: str, when: str, rated: dict, scores: np.ndarray) -> pd.DataFrame:
    rows = stays[["episode_id"]].assign(scale=scale, rater=who, occasion=when, rated_on=rated[who, when], score=scores)
    return rows.dropna(subset=["rated_on"])


def _true_change(stays: pd.DataFrame, change: np.ndarray, rated: dict, scores: dict) -> dict:
    """Of the discharged: the true mean change, that of the children whom a worker rated twice, and what their scores show."""
    ended = stays["discharged_on"].notna()
    both = rated["worker", "intake"].notna() & rated["worker", "discharge"].notna()
    seen = scores["worker", "discharge"] - scores["worker", "intake"]
    return {
        "discharged": int(ended.sum()),
        "true_mean_change": round(float(change[ended].mean()), 4),
        "rated_twice_by_worker": int(both.sum()),
        "true_mean_change_of_rated": round(float(change[both].mean()), 4),
        "mean_change_in_clean": round(float(seen[both].mean()), 4),
    }
