"""Records of other agencies on the data-quality page: whose they are, and which months of claims are still coming in."""

from pathlib import Path

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.brief.records import Records
from analysis.brief.year_earlier import beside_year_earlier, whole_year
from analysis.params import ROOT, disclosure

SHOWN_MONTHS = 8  # of claims, the last of the extract
RECORDS = {
    "episodes": "episodes of the service", "children": "rosters of children", "claims": "claims", "enrollment": "enrollment",
    "enrollment_spans": "enrollment", "enrollment_years": "enrollment", "placements": "placements", "detentions": "detention",
}  # fmt: skip
NONE = (
    "No records of other agencies are mapped. With claims, enrollment and placements, what became of a child after the response "
    "could be compared with what became of children whom an emergency department met first."
)


def whose(records: Records) -> Html:
    """A table with the children of each kind of record and how many are found in Medicaid's; one sentence where there is none."""
    path = _folder(records) / "linkage.csv"
    if not path.exists():
        return markup.paragraph(NONE)
    everyone = pd.read_csv(path).query("site_id == 'all'")
    rows = [_line(row) for row in everyone.itertuples()]
    heads = ["Keys", "Children", "Found in Medicaid's records"]
    note = (
        "A key is a child's number in one agency's records; several may be one child's, as the crosswalk says. Keys that differ in the zeros "
        "at their front alone are one where the study says so. A child who is not found has no later visit on record. How many are "
        "found of each site's children stands on the page about the linked study."
    )
    return markup.together(
        markup.table(rows, caption="Whose records they are", headers=["Records", *heads], numeric=heads),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _line(row: object) -> tuple[str, str, str, str]:
    """One kind of record; figures that would tell of a few children are left out, and so is what they follow from."""
    smallest = disclosure().smallest_shown
    if row.children < smallest:
        return RECORDS[row.table], "", "", ""
    merged, missed = row.keys - row.children, row.children - row.linked
    keys = "" if 0 < merged < smallest else markup.number(row.keys)
    found = "" if 0 < missed < smallest or 0 < row.linked < smallest else markup.percent(row.linked_share, row.children)
    return RECORDS[row.table], keys, markup.number(row.children), found


def coming_in(records: Records) -> Html:
    """Lines of claims by month of service at the end of the extract, beside the same month a year earlier; nothing without claims."""
    path, rules = _folder(records) / "claims.parquet", records.study.cohort
    if not path.exists() or rules is None:
        return Html("")
    days = pd.read_parquet(path, columns=["service_from_on"])["service_from_on"]
    by_month = days.dt.to_period("M").value_counts()
    last, whole = by_month.index.max(), pd.Period(rules.data_cut, freq="M")
    shown = [last - ago for ago in reversed(range(SHOWN_MONTHS))]
    smallest = disclosure().smallest_shown
    beside = [beside_year_earlier(by_month, month, smallest=smallest) for month in shown]
    if min(by_month.get(month, 0) for month in shown) < smallest or pd.isna(beside).any():
        return Html("")
    rows = [
        (
            month.strftime("%B %Y"),
            markup.number(by_month[month]),
            f"{markup.number(part * 100)}%",
            "yes" if month <= whole else "no",
        )
        for month, part in zip(shown, beside, strict=True)
    ]
    heads = ["Lines so far", "Of the same month a year earlier"]
    table = markup.table(
        rows,
        caption="Claims by month of service: the last months are still coming in",
        headers=["Month", *heads, "Used by the linked study"],
        numeric=heads,
    )
    return markup.together(
        table,
        Html(f'<p class="note">{markup.escaped(_trend_words(whole_year(by_month, whole, smallest=smallest)))}</p>'),
    )


def _trend_words(trend: float) -> str:
    """Why a year earlier, and how much of the difference is there in whole months already."""
    said = "Each month is held against the same month a year earlier, so that the season is the same."
    if pd.isna(trend):
        return said
    return (
        f"{said} The trend is in it: the twelve months to the last whole one hold {markup.number(trend * 100)}% of the lines of the twelve before. "
        "A month about as high lacks nothing that can be seen; what is much lower is still coming in."
    )


def _folder(records: Records) -> Path:
    return ROOT / "data" / "processed" / records.study.name
