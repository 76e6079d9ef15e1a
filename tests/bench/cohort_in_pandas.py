"""The cohort in plain pandas, written apart from analysis/cohort: for the ratio of the two times, and so that two programs agree.

It does less: ED visits, crises, who is eligible, arms, ED visits and dollars before, first ED visit after. No nights, months or counties.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.claim_codes import ClaimCodes, read_claim_codes
from analysis.params import Cohort

DAY = pd.Timedelta(days=1)
COMPARED = ["index_on", "arm", "site_id", "prior_ed_30", "prior_ed_365", "prior_bh_ed_365", "prior_cost_365_usd"]
CLAIM_COLUMNS = [
    "claim_id", "child_id", "file_type", "service_from_on", "service_to_on", "diagnosis_1", "revenue_code", "procedure_code",
    "place_of_service", "bill_type", "paid_usd",
]  # fmt: skip


def read(folder: Path, name: str, columns: list[str] | None = None) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet", columns=columns)


def islands(child: pd.Series, starts: pd.Series) -> pd.Series:
    """A number for each run of rows of one child, which are in order; `starts` is True where a new run begins."""
    return (starts | child.ne(child.shift())).cumsum()


def ed_visits(claims: pd.DataFrame, rules: Cohort, codes: ClaimCodes) -> pd.DataFrame:
    """One row per visit: child_id, from_on, to_on, bh."""
    ed = codes.ed_visit
    revenue, place = claims["revenue_code"].isin(ed.revenues), claims["place_of_service"].isin(ed.place_of_service)
    procedure = claims["procedure_code"].isin([*ed.procedure, *ed.critical_care])
    facility = claims["bill_type"].notna() | claims["revenue_code"].notna()
    lines = claims[revenue | (procedure & place) | (facility & (procedure | place))]
    bh = "|".join([codes.diagnoses.mental.pattern, codes.diagnoses.substance.pattern])
    first = lines["diagnosis_1"].str.replace(".", "", regex=False)
    last = lines["service_to_on"].where(lines["file_type"].ne("inpatient"), lines["service_from_on"])
    lines = lines.assign(bh=first.str.match(bh, na=False), to_on=last).rename(columns={"service_from_on": "from_on"})
    by_claim = lines.groupby(["child_id", "claim_id"], as_index=False).agg(
        from_on=("from_on", "min"), to_on=("to_on", "max"), bh=("bh", "max")
    )
    by_claim = by_claim.sort_values(["child_id", "from_on", "to_on"], ignore_index=True)
    groups = by_claim.groupby("child_id")
    ended = groups["to_on"].cummax().groupby(by_claim["child_id"]).shift()
    apart = (by_claim["from_on"] - groups["from_on"].shift() > rules.visit_merge_days * DAY) & (
        by_claim["from_on"] > ended
    )
    visit = islands(by_claim["child_id"], apart)
    visits = by_claim.groupby(visit).agg(
        child_id=("child_id", "first"), from_on=("from_on", "min"), to_on=("to_on", "max"), bh=("bh", "max")
    )
    longest = visits["from_on"] + rules.boarding_longest_midnights * DAY
    return visits.assign(to_on=visits["to_on"].clip(upper=longest)).reset_index(drop=True)


def crises(visits: pd.DataFrame, episodes: pd.DataFrame, rules: Cohort) -> pd.DataFrame:
    """One row per crisis: child_id, index_on, arm, calm (days since the last one ended)."""
    teams = pd.DataFrame(
        {
            "child_id": episodes["child_id"],
            "from_on": episodes["counted_on"],
            "to_on": episodes["counted_on"],
            "place": 0,
        }
    )
    met = pd.concat([teams, visits[visits["bh"]].drop(columns="bh").assign(place=1)])
    met = met.sort_values(["child_id", "from_on", "to_on", "place"], ignore_index=True)
    ended = met.groupby("child_id")["to_on"].cummax().groupby(met["child_id"]).shift()
    crisis = islands(met["child_id"], met["from_on"] - ended > rules.chain_days * DAY)
    met = met.assign(crisis=crisis).sort_values(["crisis", "from_on", "place"])
    each = met.groupby("crisis").agg(
        child_id=("child_id", "first"), index_on=("from_on", "min"), last_on=("to_on", "max"), place=("place", "first")
    )
    before = each.groupby("child_id")["last_on"].cummax().groupby(each["child_id"]).shift()
    arm = np.where(each["place"].eq(0), "mobile_first", "ed_first")
    return each.assign(arm=arm, calm=(each["index_on"] - before) / DAY).reset_index(drop=True)


def in_stay(found: pd.DataFrame, claims: pd.DataFrame) -> pd.Series:
    """True for crises on whose day a behavioral hospital stay or a residential one was under way. Stays are not bridged: days are."""
    codes = read_claim_codes().diagnoses
    harm = "|".join([codes.mental.pattern, codes.substance.pattern, codes.ideation.pattern, codes.self_harm.pattern])
    away = claims[claims["file_type"].isin(["inpatient", "long_term"])]
    first, second = (away[name].str.replace(".", "", regex=False).str for name in ("diagnosis_1", "diagnosis_2"))
    aside = f"{codes.ideation.pattern}|{codes.self_harm.pattern}"
    bh = first.match(harm, na=False) | second.match(aside, na=False) | away["file_type"].eq("long_term")
    pairs = found.reset_index().merge(away[bh.astype(bool)], on="child_id")
    held = pairs["service_from_on"].lt(pairs["index_on"]) & pairs["service_to_on"].ge(pairs["index_on"])
    return found.index.isin(pairs.loc[held, "index"])


def eligible(found: pd.DataFrame, folder: Path, claims: pd.DataFrame, rules: Cohort) -> pd.DataFrame:
    """The first eligible crisis of each child, with site_id."""
    window = found["index_on"].between(pd.Timestamp(rules.index_from), pd.Timestamp(rules.index_to))
    found = found[window].merge(read(folder, "children", ["child_id", "born_on"]), on="child_id")
    had_birthday = found["index_on"].dt.strftime("%m%d").ge(found["born_on"].dt.strftime("%m%d"))
    age = found["index_on"].dt.year - found["born_on"].dt.year - (~had_birthday)
    found = found[age.between(rules.ages.youngest, rules.ages.oldest)]
    months = read(folder, "enrollment", ["child_id", "month_on", "days", "county_fips"])
    months = months[months["child_id"].isin(found["child_id"]) & months["days"].gt(0)]
    months = months.sort_values(["child_id", "month_on"], ignore_index=True)
    end = months["month_on"] + pd.to_timedelta(months["days"] - 1, unit="D")  # whole months only are drawn
    gap = (months["month_on"] - end.groupby(months["child_id"]).shift()) / DAY - 1
    span = islands(months["child_id"], gap > rules.enrollment_gap_days)
    months = months.assign(since=months.groupby(span)["month_on"].transform("min"))
    month = found["index_on"].dt.to_period("M").dt.to_timestamp().astype(months["month_on"].dtype)
    found = found.assign(month_on=month).merge(months, on=["child_id", "month_on"])
    found = found[(found["index_on"] - found["since"]) / DAY >= rules.enrolled_before_days]
    found = found.merge(read(folder, "site_counties", ["site_id", "county_fips", "from_on"]), on="county_fips")
    found = found[(found["index_on"] - found["from_on"]) / DAY >= rules.live_days].reset_index(drop=True)
    found = found[~in_stay(found, claims)]
    found = found[found["calm"].isna() | found["calm"].gt(rules.washout_days)]
    return found.sort_values(["child_id", "index_on"]).drop_duplicates("child_id", ignore_index=True)


def cohort(folder: Path, rules: Cohort) -> pd.DataFrame:
    """One row per child: child_id and COMPARED."""
    claims = read(folder, "claims", [*CLAIM_COLUMNS, "diagnosis_2"])
    visits = ed_visits(claims, rules, read_claim_codes())
    chosen = eligible(crises(visits, read(folder, "episodes"), rules), folder, claims, rules)
    index = chosen[["child_id", "index_on"]]
    past = visits.drop(columns="to_on").merge(index, on="child_id")
    ago = (past["index_on"] - past["from_on"]) / DAY
    paid = claims[["child_id", "service_from_on", "service_to_on", "paid_usd"]].merge(index, on="child_id")
    before = paid["service_to_on"].lt(paid["index_on"]) & ((paid["index_on"] - paid["service_from_on"]) / DAY).le(365)
    counts = {
        "prior_ed_30": past[ago.between(1, 30)],
        "prior_ed_365": past[ago.between(1, 365)],
        "prior_bh_ed_365": past[ago.between(1, 365) & past["bh"]],
    }
    for name, rows in counts.items():
        chosen[name] = chosen["child_id"].map(rows["child_id"].value_counts()).fillna(0).astype(int)
    dollars = paid[before].groupby("child_id")["paid_usd"].sum()
    chosen["prior_cost_365_usd"] = chosen["child_id"].map(dollars).fillna(0.0)
    return chosen[["child_id", *COMPARED]]


def compare(folder: Path, rules: Cohort) -> None:
    """Work the cohort out and hold it against cohort.parquet: same children, days, arms, sites, visits and dollars before."""
    own = cohort(folder, rules)
    theirs = read(folder, "cohort", ["child_id", *COMPARED])
    pd.testing.assert_frame_equal(own, theirs, check_dtype=False)
