"""Emergency department visits and hospital stays for mental illness in the claims, with the days to the next visit.

The steps are those of HEDIS FUM and FUH, measurement year 2024, as a plan's public tip sheet words them. The code lists (params/bh_codes.yml) are our
own and shorter than NCQA's, which are licensed: no figure from here is a HEDIS rate. Children are those whom the service has met; their
age is the one of an episode, moved by the days between (an age in whole years may be a year off). Claims carry no site: rows
count in the state alone. Claims that have not come in yet look like visits that were not.
"""

import re
from collections.abc import Callable, Collection, Mapping

import numpy as np
import pandas as pd

from analysis.claim_codes import read_claim_codes
from analysis.quality.exposure import DAYS_PER_YEAR, Days

READ = (
    "child_id", "claim_id", "file_type", "service_from_on", "service_to_on", "diagnosis_1", "diagnosis_2", "revenue_code", "procedure_code",
)  # fmt: skip
YOUNGEST = 6
APART_DAYS = 31  # of visits closer than this the first counts
ADMITTED_WITHIN_DAYS = 30


def ed_visits(tables: Mapping[str, pd.DataFrame], covers: Days) -> pd.DataFrame:
    """One row per emergency department visit for mental illness or self-harm: child_id, counted_on, age_years, seen_after_days.

    A visit is a child and a day of arrival. None is followed by an admission within 30 days (or ends in one), and each is the
    first in 31 days; a visit that is excluded does not hide the next. `seen_after_days` are the days to the first mental-health
    visit, that day itself included (0), missing where there was none.
    """
    lines = _lines(tables["claims"])
    by_day = lines[lines["ed"]].groupby(["child_id", "from_on"], as_index=False).agg(mental=("mental", "any"))
    visits = by_day[by_day["mental"]].rename(columns={"from_on": "counted_on"}).reset_index(drop=True)
    admitted = _days_to_next(visits, visits["counted_on"], _stays(lines), least=0)
    kept = _first_apart(visits[~(admitted <= ADMITTED_WITHIN_DAYS)])
    return _with_next_visit(kept, lines, tables["episodes"], least=0)


def admissions(tables: Mapping[str, pd.DataFrame], covers: Days) -> pd.DataFrame:
    """One row per hospital stay for mental illness or self-harm, on its last day; columns as of `ed_visits`.

    None is followed by another admission of any kind within 30 days of discharge. A visit on the day of discharge does not count.
    """
    lines = _lines(tables["claims"])
    stays = _stays(lines)
    # A stay of a single day must not follow itself.
    leaves = stays["counted_on"].where(
        stays["counted_on"] > stays["from_on"], stays["counted_on"] + pd.Timedelta(days=1)
    )
    again = _days_to_next(stays, leaves, stays, least=0)
    return _with_next_visit(
        stays[stays["mental"] & ~(again <= ADMITTED_WITHIN_DAYS)], lines, tables["episodes"], least=1
    )


def _lines(claims: pd.DataFrame) -> pd.DataFrame:
    """The claim lines with what each is: ed, mental, visit, inpatient; and its last day."""
    codes = read_claim_codes()
    self_harm, illness = codes.diagnoses.self_harm.pattern, codes.diagnoses.mental_illness.pattern
    harm = _spelled(claims["diagnosis_1"], self_harm) | _spelled(claims["diagnosis_2"], self_harm)
    ill = _spelled(claims["diagnosis_1"], illness)
    inpatient = claims["file_type"].eq("inpatient").fillna(False).to_numpy(dtype=bool)
    ed = _one_of(claims["revenue_code"], codes.ed_visit.revenues) | _one_of(
        claims["procedure_code"], codes.ed_visit.procedure
    )
    service = _spelled(claims["procedure_code"], rf"(?:{codes.outpatient.procedure_like})\Z")
    return pd.DataFrame({
        "child_id": claims["child_id"], "claim_id": claims["claim_id"], "from_on": claims["service_from_on"],
        "to_on": claims["service_to_on"].fillna(claims["service_from_on"]),
        "ed": ed & ~inpatient, "inpatient": inpatient, "mental": ill | harm, "visit": ill & service & ~inpatient & ~ed,
    })  # fmt: skip


def _spelled(codes: pd.Series, pattern: str) -> np.ndarray:
    """True for the codes that begin as the pattern says, dots and capitals aside. Each is looked at once: lines repeat few of them."""
    begins = re.compile(pattern).match
    return _asked(codes, lambda code: begins(code.upper().replace(".", "")) is not None)


def _one_of(codes: pd.Series, listed: Collection[str]) -> np.ndarray:
    return _asked(codes, lambda code: code.upper() in listed)


def _asked(codes: pd.Series, said: Callable[[str], bool]) -> np.ndarray:
    number, different = pd.factorize(codes)
    answers = np.array([*(said(str(code)) for code in different), False])  # the last is the missing code's
    return answers[number]


def _stays(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per inpatient claim: child_id, claim_id, mental, from_on, counted_on (its last day)."""
    stays = lines[lines["inpatient"]].groupby(["child_id", "claim_id"], as_index=False)
    stays = stays.agg(mental=("mental", "any"), from_on=("from_on", "min"), counted_on=("to_on", "max"))
    return stays.sort_values(["child_id", "from_on", "claim_id"], ignore_index=True)


def _days_to_next(rows: pd.DataFrame, since: pd.Series, events: pd.DataFrame, *, least: int) -> pd.Series:
    """Days from `since` to the first of the child's `events` (child_id, from_on) that begins at least so many days later."""
    pairs = pd.DataFrame({"row": rows.index, "child_id": rows["child_id"], "since": since})
    pairs = pairs.merge(events[["child_id", "from_on"]], on="child_id")
    days = (pairs["from_on"] - pairs["since"]) / pd.Timedelta(days=1)
    return days[days >= least].groupby(pairs["row"]).min().reindex(rows.index).astype(float)


def _first_apart(visits: pd.DataFrame) -> pd.DataFrame:
    """The visits that lie at least 31 days after the child's last one that was kept."""
    visits = visits.sort_values(["child_id", "counted_on"], ignore_index=True)
    kept, child, last = [], None, None
    for each, day in zip(visits["child_id"], visits["counted_on"], strict=True):
        kept.append(each != child or (day - last).days >= APART_DAYS)
        if kept[-1]:
            child, last = each, day
    return visits[np.array(kept, dtype=bool)]


def _with_next_visit(rows: pd.DataFrame, lines: pd.DataFrame, episodes: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """The rows of children whom the service has met, with their age and the days to their next mental-health visit."""
    known = episodes[["child_id", "counted_on", "age_years"]].dropna(subset=["child_id"])
    known = known.sort_values("counted_on", kind="stable").drop_duplicates("child_id").set_index("child_id")
    rows = rows[rows["child_id"].isin(known.index)].reset_index(drop=True)
    between = (rows["counted_on"] - rows["child_id"].map(known["counted_on"])) / pd.Timedelta(days=1)
    age = rows["child_id"].map(known["age_years"]).astype(float) + between / DAYS_PER_YEAR
    seen = _days_to_next(rows, rows["counted_on"], lines[lines["visit"]], least=least)
    return rows.assign(site_id=pd.NA, age_years=age, seen_after_days=seen)
