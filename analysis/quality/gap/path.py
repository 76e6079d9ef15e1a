"""The path of a call: contact, a visit recommended, a team sent, the team there, the child met, stabilization, care begun."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.intervals import wilson
from analysis.periods import Period
from analysis.quality.measures.response import MET_THE_PERSON
from analysis.tables import IN_PERSON_MODES

Tables = Mapping[str, pd.DataFrame]

# Each step with what it counts; each is out of those who came through the one before.
STEPS = {
    "contacts": "calls that reached a line for this site",
    "recommended": "the caller and the line agreed on a visit",
    "dispatched": "a team was sent",
    "arrived": "the team came",
    "met": "the team met the child",
    "stabilization": "the family went on to stabilization",
    "linked": "the family kept a first appointment elsewhere",
}
VISIT_STEPS = ("recommended", "dispatched", "arrived", "met")
NEVER_ASKED = ("abandoned",)  # a call that ended before anything could be recommended


@dataclass(frozen=True)
class Path:
    """What `count_path` gives: one row a site and step, and the steps that the study's tables cannot tell, with the reason."""

    steps: pd.DataFrame
    unknown: tuple[tuple[str, str], ...]


def count_path(tables: Tables, sites: Collection[str], window: Period) -> Path:
    """The steps of the calls that came in the window, by site.

    Gives site_id, step, before (families at the step before of whom this one is known), number (those who came through) and
    not_known (families at the step before of whom it is not known). The first step has no step before: before is missing.
    Steps after the call are those of its episode; a call whose episode nobody wrote down is not known from there on. Without
    calls nothing is counted, with the reason in `unknown`; without referrals the last step is not.
    """
    calls = tables.get("calls")
    if calls is None:
        return Path(_nothing(), (("contacts", "the study has no record of calls (calls)"),))
    own = calls[calls["called_on"].between(window.from_on, window.to_on) & calls["site_id"].isin(sites)]
    reached = _steps_of_calls(own, tables)
    unknown = () if "linked" in reached else (("linked", "the study has no record of referrals (referrals)"),)
    parts, so_far = [], pd.Series(True, index=own.index)
    for step in (name for name in STEPS if name == "contacts" or name in reached):
        came = so_far if step == "contacts" else reached[step].where(so_far)
        known = came[so_far]
        counted = pd.DataFrame(
            {"number": known.eq(True), "not_known": known.isna(), "before": known.notna()}
        ).groupby(own.loc[known.index, "site_id"]).sum()  # fmt: skip
        counted = counted.reindex(sorted(sites), fill_value=0).rename_axis("site_id").reset_index()
        parts.append(counted.assign(step=step))
        so_far = came.eq(True).fillna(False).astype(bool)
    steps = pd.concat(parts, ignore_index=True).astype({"before": "Int64", "number": "int64", "not_known": "int64"})
    steps["before"] = steps["before"].mask(steps["step"].eq("contacts"))
    return Path(steps[["site_id", "step", "before", "number", "not_known"]], unknown)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=["site_id", "step", "before", "number", "not_known"])


def _steps_of_calls(calls: pd.DataFrame, tables: Tables) -> dict[str, pd.Series]:
    """For each step after the first: did this call come through it? Missing where nobody knows."""
    episodes = tables["episodes"].drop_duplicates("episode_id").set_index("episode_id")
    of_call = episodes.reindex(calls["episode_id"]).set_axis(calls.index)
    linked = calls["episode_id"].isin(episodes.index)
    asked = calls["recommended_mode"]
    known = asked.notna() | calls["outcome"].isin(NEVER_ASKED)
    given, result = of_call["response_mode"], of_call["attempt_result"]
    steps = {
        "recommended": _where(asked.isin(IN_PERSON_MODES), known),
        "dispatched": _where(calls["outcome"].eq("dispatched"), calls["outcome"].notna()),
        "arrived": _where(given.isin(IN_PERSON_MODES), linked & given.notna()),
        "met": _where(result.eq(MET_THE_PERSON), linked & result.notna()),
        "stabilization": _where(of_call["enrolled_on"].notna(), linked),
    }
    if "referrals" in tables:
        kept = tables["referrals"].dropna(subset=["first_kept_on"])["episode_id"]
        steps["linked"] = _where(calls["episode_id"].isin(kept), linked)
    return steps


def _where(came: pd.Series, known: pd.Series) -> pd.Series:
    return came.fillna(False).astype("boolean").mask(~known)


def add_comparison(steps: pd.DataFrame, comparable: Collection[str]) -> pd.DataFrame:
    """Each step's share beside the median of comparable sites, the site itself left out.

    Takes what count_path gives. Adds share with its 95% interval (Wilson, 1927) and median. The share is missing at the first
    step and where nobody came to the step before; the median where no other comparable site has a share.
    """
    shares = steps["number"].div(steps["before"].astype(float).where(steps["before"] > 0))
    out_of = steps["before"].fillna(0).astype(int)
    interval = wilson(steps["number"].where(out_of > 0, 0), out_of, confidence=0.95)
    wide = steps.assign(share=shares).pivot_table(index="step", columns="site_id", values="share", sort=False)
    others = wide[[site for site in wide.columns if site in set(comparable)]]
    medians = [
        others.loc[step].drop(site, errors="ignore").median() if step in others.index else None
        for site, step in zip(steps["site_id"], steps["step"], strict=True)
    ]
    return steps.assign(share=shares, low=interval.low, high=interval.high, median=medians).astype(
        {"low": float, "high": float, "median": float}
    )
