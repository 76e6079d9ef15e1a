"""How long the children of each group are watched, and why no longer. Nothing here looks at what became of them."""

import pandas as pd
from lifelines import KaplanMeierFitter

from analysis.tables import ARMS, FOLLOW_UP_ENDS


def watched_for(children: pd.DataFrame, days: list[int], *, data_cut: pd.Timestamp) -> pd.DataFrame:
    """How many children could be watched for so many days, and how many were: one row per day count and arm (days, arm, could, were).

    Takes one row per child (arm, index_on, followed_days). A child could be watched for d days where the whole records still hold day d
    after the index day; a child whose last watched day is day d was watched for d days.

    >>> children = pd.DataFrame({"arm": ["ed_first"] * 3, "index_on": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-20"]),
    ...                          "followed_days": [30, 29, 11]})
    >>> watched_for(children, [30], data_cut=pd.Timestamp("2026-01-31")).values.tolist()      # the third child came too late
    [[30, 'mobile_first', 0, 0], [30, 'ed_first', 2, 1]]
    """
    room = (data_cut - children["index_on"]).dt.days
    rows = [
        (each, arm, int((inside & (room >= each)).sum()), int((inside & (children["followed_days"] >= each)).sum()))
        for each in days
        for arm in ARMS
        for inside in [children["arm"].eq(arm)]
    ]
    return pd.DataFrame(rows, columns=["days", "arm", "could", "were"])


def why_ended(children: pd.DataFrame) -> pd.DataFrame:
    """Why children are no longer watched: one row per reason (of FOLLOW_UP_ENDS), one column per arm. Takes arm and ended_by."""
    counted = pd.crosstab(children["ended_by"], children["arm"])
    return counted.reindex(index=list(FOLLOW_UP_ENDS), columns=list(ARMS), fill_value=0).astype(int)


def typical_watch(children: pd.DataFrame) -> float:
    """Median follow-up in days by reverse Kaplan-Meier: how long a child can be watched who does not die. Infinite where most died.

    The end of watching is the event and death is what hides it, so that a death does not count as a short watch. Schemper and Smith
    1996, Controlled Clinical Trials 17:343-346. Takes one row per child (followed_days, ended_by).

    >>> typical_watch(pd.DataFrame({"followed_days": [10, 20, 30, 40], "ended_by": ["death", "data_cut", "data_cut", "data_cut"]}))
    30.0
    """
    curve = KaplanMeierFitter().fit(children["followed_days"], children["ended_by"].ne("death"))
    return float(curve.median_survival_time_)
