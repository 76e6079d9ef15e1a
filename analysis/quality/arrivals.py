"""How long families waited, as curves that may be shown: the share reached by each quarter of an hour, of many waits only."""

from collections.abc import Collection, Iterable

import pandas as pd

from analysis.params import Clock
from analysis.periods import Period
from analysis.quality.charts import chart
from analysis.quality.waits import clock_columns, is_real_time
from analysis.tables import CLOCKS, STATEWIDE

MARKS = range(0, 241, 15)  # minutes; a step at each arrival would give single waits away
COLUMNS = ["site_id", "period", "minutes", "reached", "low", "high", "responses", "log_rank_p"]


def arrival_curves(
    episodes: pd.DataFrame, sites: Collection[str], periods: Iterable[Period], clocks: tuple[Clock, ...], *, fewest: int
) -> pd.DataFrame:
    """One row per place, period and mark of 15 minutes: the share reached by then, with its 95% range.

    Kaplan-Meier (analysis/quality/charts/arrivals.py): a response that was called off counts as waiting to its last known clock,
    where it leaves. A place has a curve only where at least `fewest` waited, were reached, and were still waiting or had been called
    off at the last mark or none: the curve stops at the mark before a smaller number than that would be left. Only the clock
    of the last period is looked at, so both periods are measured alike. `log_rank_p` compares a place's periods.
    """
    periods = list(periods)
    clock = next((each for each in clocks if each.holds_on(periods[-1].to_on.date())), None)
    if clock is None or any(episodes[column].isna().all() for column in clock_columns(clock)):
        return pd.DataFrame(columns=COLUMNS)
    waits = _waits(episodes, clock)
    rows = []
    for place in (STATEWIDE, *sorted(sites)):
        here = waits if place == STATEWIDE else waits[waits["site_id"].eq(place)]
        told = pd.concat([
            here[here["counted_on"].between(each.from_on, each.to_on)].assign(period=each.name) for each in periods
        ])  # fmt: skip
        sizes = told.groupby("period")["reached"].agg(["size", "sum"])
        kept = sizes.index[(sizes["size"] >= fewest) & (sizes["sum"] >= fewest)]
        told = told[told["period"].isin(kept)]
        if len(told):
            rows.append(_curves(place, told, fewest))
    return pd.concat(rows, ignore_index=True)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)


def _waits(episodes: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    """One row per response that the clock is for and whose start is known: minutes to arrival, or to the last known clock."""
    rows = episodes[is_real_time(episodes, clock.start)]
    if clock.modes and rows["recommended_mode"].notna().any():
        # Who was asked for, not who was reached: else a response that was called off would never have waited.
        rows = rows[rows["recommended_mode"].isin(clock.modes)]
    if clock.urgency:
        rows = rows[rows["urgency"].isin(clock.urgency)]
    last = rows[[each for each in CLOCKS if each != clock.start]].max(axis=1)
    reached = is_real_time(rows, clock.stop)
    minutes = (rows[clock.stop].where(reached, last) - rows[clock.start]) / pd.Timedelta(minutes=1)
    waits = rows[["site_id", "counted_on"]].assign(minutes=minutes.astype(float), reached=reached)
    return waits[waits["minutes"].between(0, clock.longest_hours * 60)]


def _curves(place: str, told: pd.DataFrame, fewest: int) -> pd.DataFrame:
    drawn = chart("kaplan_meier", told, minutes="minutes", arrived="reached", facet="period")
    found = []
    for period, points in drawn.points.groupby("facet", sort=True):
        at = points["x"].searchsorted(MARKS, side="right") - 1
        steps = points.iloc[at].assign(minutes=list(MARKS))
        left = points["at_risk"].iloc[at] - points["arrived"].iloc[at] - points["stood_down"].iloc[at]
        steps = steps[(left >= fewest).to_numpy() | (left == 0).to_numpy()]
        found.append(
            pd.DataFrame(
                {"site_id": place, "period": period, "minutes": steps["minutes"], "reached": steps["y"], "low": steps["lower"],
                 "high": steps["upper"], "responses": int(points["at_risk"].iloc[0]), "log_rank_p": drawn.figures.get("p", float("nan"))}
            )
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)
