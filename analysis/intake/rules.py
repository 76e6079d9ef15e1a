"""What no row may be: spans that end before they start, days outside the extract, scores outside their scale."""

import pandas as pd

from analysis.intake.clocks import last_possible
from analysis.intake.mapping import Covers
from analysis.intake.problems import Findings
from analysis.intake.references import Known
from analysis.tables import CLOCKS, SCALE_RANGES

# A first and a last of something: the later one may not come first.
SPANS = (
    ("opened_on", "closed_on"), ("from_on", "to_on"), ("hired_on", "left_on"), ("referred_on", "first_kept_on"),
    ("sent_on", "answered_on"), ("service_from_on", "service_to_on"), ("booked_on", "released_on"), ("removed_on", "exited_on"),
    ("from_on", "exited_on"), ("born_on", "died_on"),
)  # fmt: skip
# Parts and the whole that they are of.
PARTS = (("items_met", "items"),)
# Days that belong to the extract: what happened before it or after it is a slip of the date. Calls and outreach end with the
# extract, as requests do; what follows a response may run on for the eight weeks of stabilization. Days of staff, training, hours,
# readiness, positions and sites are left alone: their history is older than the extract.
WITH_THE_EXTRACT = {"calls": "called_on", "outreach": "held_on"}
AFTER_A_RESPONSE = {"contacts": "contacted_on", "referrals": "referred_on", "satisfaction": "sent_on"}
# Days that belong to the files which hold them, where the study says which days these cover.
WITH_THEIR_FILES = {"claims": "service_from_on", "detentions": "booked_on"}
# Days that cannot lie long after the records were sent; a year is for files that are newer than the dispatch extract.
OF_A_LATER_DAY = {
    "claims": "service_from_on", "placements": "from_on", "detentions": "booked_on", "children": "born_on",
    "enrollment_spans": "from_on", "county_counts": "month_on",
}  # fmt: skip
LATER_THAN_SENT = pd.Timedelta(days=366)
# A day this long before the episode's own is a slip; a day less may be a night that ran over midnight, or a late note of the call.
BEFORE_THE_EPISODE = pd.Timedelta(days=1)
# Days of an episode that cannot come before it: blanked, and the episode stays.
OF_THE_EPISODE = ("initial_completed_on", "enrolled_on")


def broken_rules(
    table: str, rows: pd.DataFrame, covers: Covers, own: Covers | None, known: Known
) -> dict[str, pd.Series]:
    """The rows of a table that cannot be used, by reason; identifiers are those of their owners by now.

    `covers` are the days of the extract, `own` those that the files of this table hold, where the study says so.
    """
    broken = {
        f"{last} comes before {first}": rows[last] < rows[first] for first, last in SPANS if _has(rows, first, last)
    }
    broken |= {
        f"{part} is more than {whole}": rows[part] > rows[whole] for part, whole in PARTS if _has(rows, part, whole)
    }
    if known.sites is not None and "site_id" in rows:
        broken["site_id is not in the sites table"] = rows["site_id"].notna() & ~rows["site_id"].isin(known.sites)
    if table == "site_hours":
        broken["to_hour is not after from_hour (hours past midnight are a row of the next day)"] = (
            rows["to_hour"] <= rows["from_hour"]
        )
    if table == "scales":
        limits = pd.DataFrame.from_dict(SCALE_RANGES, orient="index").reindex(rows["scale"])
        inside = rows["score"].ge(limits[0].to_numpy()) & rows["score"].le(limits[1].to_numpy())
        broken["score outside the range of its scale"] = rows["scale"].notna() & rows["score"].notna() & ~inside
        broken["rated_on of the discharge comes before that of the intake"] = _discharge_before_intake(rows)
    for tables, last in ((WITH_THE_EXTRACT, covers.to_on), (AFTER_A_RESPONSE, last_possible(CLOCKS[-1], covers.to_on))):
        if day := tables.get(table):
            outside = ~rows[day].between(pd.Timestamp(covers.from_on), pd.Timestamp(last))
            broken[f"{day} outside the days that the extract covers"] = rows[day].notna() & outside
    if own is not None and (day := WITH_THEIR_FILES.get(table)):
        outside = ~rows[day].between(pd.Timestamp(own.from_on), pd.Timestamp(own.to_on))
        broken[f"{day} outside the days that its files cover"] = rows[day].notna() & outside
    if day := OF_A_LATER_DAY.get(table):
        last = pd.Timestamp(max(covers.to_on, own.to_on) if own else covers.to_on) + LATER_THAN_SENT
        broken[f"{day} is later than these files can know"] = rows[day] > last
    if table == "crosswalk":
        broken["holds the key of one system alone: it joins nothing"] = rows[_id_columns(rows)].notna().sum(axis=1) < 2
    if table == "county_counts":
        broken["month_on is not the first day of a month"] = rows["month_on"].dt.day > 1
    if table == "enrollment":
        broken["days is more than the month has"] = rows["days"] > rows["month_on"].dt.days_in_month
    if day := AFTER_A_RESPONSE.get(table):
        broken[f"{day} comes before its episode"] = _before_its_episode(rows, day, known)
    return broken


def blank_slips(table: str, rows: pd.DataFrame, usable: pd.Series, known: Known, findings: Findings) -> pd.DataFrame:
    """The rows without the days that cannot be and that no row needs, counted in usable ones; and problems that are listed only."""
    if table == "scales":
        wrong = usable & _before_its_episode(rows, "rated_on", known)
        rows = _blanked(rows, "rated_on", wrong, "a day before its episode, treated as missing", findings)
    if table == "episodes":
        for day in OF_THE_EPISODE:
            wrong = usable & (rows["counted_on"] - rows[day] > BEFORE_THE_EPISODE)
            rows = _blanked(rows, day, wrong, "a day before its episode, treated as missing", findings)
    if table == "staffing":
        over = int((usable & (rows["filled"] > rows["funded"])).sum())
        if over:
            findings.add("more positions filled than funded", "filled", raw=over, left=over)
    return rows


def _id_columns(rows: pd.DataFrame) -> list[str]:
    return [name for name in rows if name.endswith("_id")]


def _has(rows: pd.DataFrame, *columns: str) -> bool:
    return all(column in rows for column in columns)


def _blanked(rows: pd.DataFrame, day: str, wrong: pd.Series, problem: str, findings: Findings) -> pd.DataFrame:
    if not wrong.any():
        return rows
    findings.add(problem, day, raw=int(wrong.sum()), left=0)
    return rows.assign(**{day: rows[day].mask(wrong)})


def _before_its_episode(rows: pd.DataFrame, day: str, known: Known) -> pd.Series:
    """True where a day lies more than a day before the episode's own; false where either is not known."""
    own = pd.to_datetime(rows["episode_id"].astype(object).map(known.days))
    return own - rows[day] > BEFORE_THE_EPISODE


def _discharge_before_intake(rows: pd.DataFrame) -> pd.Series:
    """True for a rating at discharge dated before the earliest at intake of the same episode, scale and rater."""
    same = ["episode_id", "scale", "rater"]
    first = rows[rows["occasion"].eq("intake")].groupby(same, observed=True)["rated_on"].min()
    keys = pd.MultiIndex.from_frame(rows[same])
    began = pd.Series(first.reindex(keys).to_numpy(), index=rows.index)
    return rows["occasion"].eq("discharge") & (rows["rated_on"] < began)
