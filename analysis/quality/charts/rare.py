"""Rare events: days between them, for a t chart (shewhart.py), and case by case, the Bernoulli CUSUM for a whole state."""

import numpy as np
import pandas as pd

from analysis.quality.charts.records import LIKELIHOOD_RATIO, Chart
from analysis.quality.charts.subgroups import check_columns, numbers

LIMIT = 3.5  # Neuburger et al. 2017, BMJ Quality & Safety 26:919-928; doubling or halving of a rate of 1 to 10 in 100
ODDS_RATIO = 2.0

FEWEST_GAPS = 10  # of g and t charts, before limits are shown: Anhoej's runs work from about 10 useful points
SAME_DAY = 0.5  # days between two events of one day, which a t chart cannot take as 0


def days_between(events: pd.Series, *, until: pd.Timestamp | str) -> pd.DataFrame:
    """One row per gap between events, in order, and last the open gap: days since the last event (order, ended_on, days, open).

    Two events of one day are half a day apart. The open gap is not over: draw it hollow and keep it out of limits and runs with
    `exclude`. Show no limits below `FEWEST_GAPS` closed gaps.

    >>> gaps = days_between(pd.Series(["2026-01-09", "2026-01-01", "2026-01-09"]), until="2026-02-01")
    >>> gaps[["order", "days", "open"]].values.tolist()
    [[1, 8.0, False], [2, 0.5, False], [3, 23.0, True]]
    """
    happened = pd.to_datetime(events.dropna()).sort_values().to_numpy()
    last = pd.Timestamp(until)
    if len(happened) == 0:
        raise ValueError("There is no event with a date: there is no gap to chart.")
    if happened[-1] > last:
        raise ValueError(
            f"An event lies after {last.date()}, the last day that is covered. Move until, or correct its date."
        )
    ends = np.append(happened[1:], np.datetime64(last))
    days = np.maximum((ends - happened) / np.timedelta64(1, "D"), SAME_DAY)
    return pd.DataFrame(
        {
            "order": np.arange(1, len(ends) + 1),
            "ended_on": ends,
            "days": days,
            "open": np.arange(len(ends)) == len(ends) - 1,
        }
    )


def bernoulli_cusum(
    table: pd.DataFrame,
    *,
    value: str,
    order_by: str | None = None,
    target: float,
    odds_ratio: float = ODDS_RATIO,
    limit: float = LIMIT,
) -> Chart:
    """Cases in order, each an event (1) or not (0): has the chance of one doubled, or halved?

    `target` is the usual chance (below 1), or how many of the first cases to take it from. Each case adds its log-likelihood ratio
    of the odds times `odds_ratio` (upward) and divided by it (downward); a sum stays at or above 0 (at or below 0 downward), signals on
    reaching the limit and starts again at 0. Neuburger et al. 2017.

    `points` has one row per case (order, y, cusum_up, cusum_down, signal); `figures` the three chances.

    >>> cases = pd.DataFrame({"event": [0, 1, 1, 1, 1, 1, 1]})
    >>> drawn = bernoulli_cusum(cases, value="event", target=0.1, limit=3)
    >>> round(drawn.figures["up"], 4), drawn.signals["order"].tolist()     # each event adds log(0.1818 / 0.1) = 0.5978
    (0.1818, [7])
    """
    check_columns(table, value, order_by)
    rows = table.sort_values(order_by, kind="stable") if order_by else table
    event = numbers(rows, value)
    if not np.isin(event, [0, 1]).all():
        raise ValueError(
            f'Column "{value}", row {int(np.argmax(~np.isin(event, [0, 1]))) + 1}: a case is 1 (it happened) or 0.'
        )
    if target > 1 and (target != int(target) or target > len(event)):
        raise ValueError(
            f"target is {target:g}. It is a chance below 1, or a whole number of cases up to {len(event)}."
        )
    usual = float(event[: int(target)].mean()) if target > 1 else float(target)
    if not 0 < usual < 1:
        raise ValueError(
            f"The usual chance comes out as {usual:g}. It must lie between 0 and 1: give a longer baseline or a chance."
        )
    up, down = _times_odds(usual, odds_ratio), _times_odds(usual, 1 / odds_ratio)
    more, less = _scores(event, up, usual), _scores(event, down, usual)
    sum_up, over = _cusum(more, limit)
    sum_down, under = _cusum(less, limit)
    points = pd.DataFrame(
        {"order": np.arange(1, len(event) + 1), "y": event, "cusum_up": sum_up, "cusum_down": 0.0 - sum_down}
    )
    points["signal"] = np.select([over, under], ["more often: high", "less often: low"], "")
    return Chart(
        kind="bernoulli_cusum",
        points=points,
        sections=pd.DataFrame(),
        rule_set=LIKELIHOOD_RATIO,
        baseline=f"the first {int(target)} cases" if target > 1 else f"a chance of {target:g}",
        n_points=len(points),
        screened=False,
        figures={"usual": usual, "up": up, "down": down, "limit": float(limit)},
    )


def _times_odds(chance: float, ratio: float) -> float:
    odds = ratio * chance / (1 - chance)
    return odds / (1 + odds)


def _scores(event: np.ndarray, other: float, usual: float) -> np.ndarray:
    return np.where(event == 1, np.log(other / usual), np.log((1 - other) / (1 - usual)))


def _cusum(scores: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """The sum that starts again below 0 and on reaching the limit, and where it did reach it."""
    sums, reached, running = np.zeros(len(scores)), np.zeros(len(scores), dtype=bool), 0.0
    for at, score in enumerate(scores):
        running += score
        reached[at] = running >= limit
        # A sum that equals the limit signals and is drawn there; one beyond it starts again.
        running = running if 0 < running <= limit else 0.0
        sums[at] = running
    return sums, reached
