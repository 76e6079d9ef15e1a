"""Where children live at the call and at discharge, and how long stabilization lasts."""

import numpy as np
import pandas as pd

from analysis.demo.draws import DAY, at_sites, blank_some, draw_mix
from analysis.demo.scenario import Scenario
from analysis.tables import AT_HOME, CLOCKS_RUN_ON_DAYS, IN_PERSON_MODES, LIVING_SITUATIONS

LOST = "lost"


def add_living_at_start(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds living_at_start. Takes one row per episode with `child`, a number from 0.

    A child's ordinary setting is the same in all its episodes; the place and the referrer can show another one. Not modelled:
    a move at one discharge does not carry over to the child's next call.
    """
    mixes, rng, rows = scenario.living, scenario.stream("living"), len(episodes)
    children = int(episodes["child"].max()) + 1 if rows else 0
    setting = draw_mix(mixes.ordinary, children, rng)[episodes["child"].to_numpy()]
    # The place comes last, so it wins over the referrer.
    for column, by_code in (("referral_source", mixes.by_referral), ("response_location", mixes.by_place)):
        for code, mix in by_code.items():
            setting = np.where(episodes[column].eq(code), draw_mix(mix, rows, rng), setting)
    return episodes.assign(living_at_start=setting)


def add_discharge(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds discharged_on, discharge_reason, living_at_discharge and, for the truth, lived_at_discharge; and `stays`.

    A share of those met in person go on to stabilization. Where its last day lies after the extract the episode is open and
    all four are missing, as they are where there was no stabilization. Of a child that was lost the record has no
    living_at_discharge; lived_at_discharge, which no record holds, has it for every discharged child.
    """
    parts, rng, rows = scenario.stabilization, scenario.stream("stabilization"), len(episodes)
    met = episodes["response_mode"].isin(IN_PERSON_MODES) & episodes["attempt_result"].eq("contact")
    stays = met & (rng.random(rows) < parts.share)
    days = np.ceil(rng.lognormal(np.log(parts.days.middle), parts.days.spread, rows))
    days = np.clip(days, parts.shortest_days, CLOCKS_RUN_ON_DAYS).astype("int64")
    last = episodes["requested_at"].dt.normalize() + days * DAY
    closed = stays & (last <= pd.Timestamp(scenario.covers.to_on))
    reason = draw_mix(parts.reason, rows, rng)
    lived = _draw_settings_after(episodes["living_at_start"], reason, scenario, rng)
    return episodes.assign(
        stays=stays,
        discharged_on=last.where(closed),
        discharge_reason=np.where(closed, reason, None),
        lived_at_discharge=np.where(closed, lived, None),
        living_at_discharge=np.where(closed & (reason != LOST), lived, None),
    )


def add_enrollment(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds stabilized_on, the true first day of stabilization, and enrolled_on, the same as recorded, with some blanks.

    Takes one row per episode with `stays`. Beside those there are a few that the records keep in care past the eight weeks
    because nobody closed them: they have a first day and no last one. A first day after the extract is not in it.
    """
    parts, rng, rows = scenario.enrollment, scenario.stream("enrollment"), len(episodes)
    days = draw_mix(parts.after_days, rows, rng).astype("int64")
    met = episodes["response_mode"].isin(IN_PERSON_MODES) & episodes["attempt_result"].eq("contact")
    unclosed = met & ~episodes["stays"] & (rng.random(rows) < parts.never_closed)
    first = episodes["departed_at"].dt.normalize() + days * DAY
    # The shortest stays end before the slowest enrollment.
    first = first.where(~first.ge(episodes["discharged_on"]), episodes["discharged_on"] - DAY)
    first = first.where((episodes["stays"] | unclosed) & first.le(pd.Timestamp(scenario.covers.to_on)))
    blank = at_sites(scenario.first_response.blank, episodes["site_id"])
    return episodes.assign(stabilized_on=first, enrolled_on=blank_some(first, blank, rng))


def count_settings(episodes: pd.DataFrame) -> dict:
    """The true settings at discharge of all discharged episodes (`true`), of the lost (`lost`), and those recorded.

    `left_home` counts, of the discharged who lived at home at the call (with parents, kin or in a foster home), those who
    truly lived elsewhere at discharge; `left_home_in_clean` the same among those with a record.
    """
    closed = episodes[episodes["discharge_reason"].notna()]
    lost, known = closed[closed["discharge_reason"].eq(LOST)], closed.dropna(subset=["living_at_discharge"])
    return {
        "discharged": len(closed),
        "lost_to_follow_up": len(lost),
        "true": _by_setting(closed["lived_at_discharge"]),
        "lost": _by_setting(lost["lived_at_discharge"]),
        "in_clean": _by_setting(known["living_at_discharge"]),
        "left_home": _left_home(closed),
        "left_home_in_clean": _left_home(known),
    }


def _draw_settings_after(
    start: pd.Series, reason: np.ndarray, scenario: Scenario, rng: np.random.Generator
) -> np.ndarray:
    parts, rows = scenario.stabilization, len(start)
    moves = rng.random(rows) < pd.Series(reason).map(parts.moves).to_numpy(float)
    goes_home = start.ne("family").to_numpy() & (rng.random(rows) < parts.back_home)
    goes_to = np.full(rows, None, dtype=object)
    for why, mix in parts.goes_to.items():
        goes_to = np.where(reason == why, draw_mix(mix, rows, rng), goes_to)
    return np.select([goes_home, moves], ["family", goes_to], start)


def _by_setting(settings: pd.Series) -> dict[str, int]:
    return {code: int(settings.eq(code).sum()) for code in LIVING_SITUATIONS}


def _left_home(episodes: pd.DataFrame) -> dict[str, int]:
    at_home = episodes[episodes["living_at_start"].isin(AT_HOME)]
    return {"numerator": int((~at_home["lived_at_discharge"].isin(AT_HOME)).sum()), "denominator": len(at_home)}
