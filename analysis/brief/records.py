"""The data-quality brief: every row accounted for, what was found, what the rules did, what is recorded and what is not."""

from dataclasses import dataclass, field

import pandas as pd

from analysis import params
from analysis.brief import figures, markup, not_recorded, panels, wording
from analysis.brief.markup import Html
from analysis.brief.meeting.promises import read_collaborative
from analysis.brief.numbers import covered_days
from analysis.brief.small_counts.shareable import write_table
from analysis.params import ROOT, Study, disclosure
from analysis.periods import Period
from analysis.quality.cards import Cards, read_cards
from analysis.quality.completeness import by_column, missing_by_month
from analysis.quality.unfilled import Unfilled, unfilled
from analysis.tables import (
    CLOCK_WORDS,
    CLOCKS_RUN_ON_DAYS,
    DISCHARGE_COLUMNS,
    EPISODES,
    LONGEST_WAIT_HOURS,
    PROBLEMS_TABLE,
    RESPONSE_MODES,
    STATEWIDE,
)

MOST_FIGURES = 4
NOT_TO_BE_FILLED = (
    "Not to be filled: a team’s times and makeup where no team was to go or it was called off; what is done at the first response where nobody "
    "was seen; an ending where nobody was met; a stay where there was none. These are not missing, and usable is the part of the others. "
    "An empty first day of stabilization may also be one that nobody wrote down: records cannot tell. A stay that is still open has no last day yet."
)


@dataclass(frozen=True)
class Records:
    """What intake found and kept, for one study (tables as data/processed/README.md says).

    `names` are the sites' names by id; empty where sites may not be named to each other.
    """

    study: Study
    cards: Cards
    period: Period
    covers: tuple[pd.Timestamp, pd.Timestamp]
    episodes: pd.DataFrame
    left_out: pd.DataFrame
    receipts: pd.DataFrame
    problems: pd.DataFrame
    unmapped: pd.DataFrame
    names: dict[str, str] = field(default_factory=dict)

    @property
    def months(self) -> list[pd.Period]:
        """Every month that the extract covers, also in part."""
        first, last = self.covers
        return list(pd.period_range(first.to_period("M"), last.to_period("M"), freq="M"))


def open_records(study: str, period: str) -> Records:
    """Everything that the data-quality brief shows."""
    chosen = params.study(study)
    folder = ROOT / "data" / "processed" / study
    rejected = [
        pd.read_parquet(path, columns=["fate", "reason"]).assign(table=path.stem)
        for path in sorted((folder / "rejected").glob("*.parquet"))
    ]
    counts = {"raw": "Int64", "without_partial": "Int64", "left": "Int64"}
    return Records(
        study=chosen,
        cards=read_cards(chosen),
        period=chosen.period(period),
        covers=covered_days(chosen),
        episodes=pd.read_parquet(folder / "episodes.parquet"),
        left_out=pd.concat([part[["table", "fate", "reason"]] for part in rejected], ignore_index=True),
        receipts=pd.read_csv(folder / "receipts.csv"),
        problems=pd.read_csv(folder / "problems.csv", dtype=counts),
        unmapped=pd.read_csv(folder / "unmapped.csv", keep_default_na=False),
        names=_names(study, pd.read_parquet(folder / "sites.parquet")),
    )


def _names(study: str, sites: pd.DataFrame) -> dict[str, str]:
    ids = sites["site_id"].tolist()
    if not read_collaborative(study, ids).name_peers:
        return {}
    return dict(zip(ids, sites["name"].fillna(sites["site_id"]), strict=True))


def title(records: Records) -> Html:
    """The page's heading."""
    first, last = (wording.day_words(day) for day in records.covers)
    under = f"{records.study.service}. What the records from {first} to {last} can carry, and what they can't."
    return panels.title(records.study, f"Data quality, {records.study.title}", under)


def _totals(records: Records) -> pd.Series:
    rows = records.receipts[records.receipts["table"].eq("episodes")]
    return rows[["rows_read", "accepted", "rejected", "set_aside"]].sum()


def headline(records: Records) -> Html:
    """One sentence: how many rows were read and how many are used."""
    totals = _totals(records)
    used = markup.percent(totals["accepted"] / totals["rows_read"], totals["rows_read"])
    said = (
        f"{markup.number(totals['rows_read'])} episode rows were read; {markup.number(totals['accepted'])} ({used}) are used, "
        f"{markup.number(totals['rejected'])} could not be and {markup.number(totals['set_aside'])} repeat an earlier row."
    )
    return Html(f'<p class="headline">{markup.escaped(said)}</p>')


def what_next(records: Records) -> Html:
    """What to ask the sender of the data, the most consequential first."""
    found = [
        *_unfilled_words(records),
        *_order_words(records),
        *_unmapped_words(records),
        *_column_words(records),
        *_reason_words(records),
    ]
    return markup.list_of(found, ordered=True) if found else markup.paragraph("Nothing here needs asking for.")


def _whole_months(records: Records) -> list[pd.Period]:
    """The months for which the study says that its records are whole."""
    start = records.study.complete_from
    return [month for month in records.months if start is None or month >= pd.Timestamp(start.day).to_period("M")]


def _unfilled(records: Records) -> list[Unfilled]:
    """What is missing more at some sites or in some months; at the end of stabilization only where all of it has had its eight weeks."""
    whole = _whole_months(records)
    last = (records.covers[1] - pd.Timedelta(days=CLOCKS_RUN_ON_DAYS)).to_period("M")
    over = [month for month in whole if month < last]
    return unfilled(
        records.episodes,
        {name: over if name in DISCHARGE_COLUMNS else whole for name in EPISODES.names},
        by_more_than=records.cards.most_not_measurable,
        fewest=disclosure().smallest_shown,
        confidence=records.cards.change_confidence,
    )


def _unfilled_words(records: Records) -> list[str]:
    smallest = disclosure().smallest_shown
    return [
        words
        for found in _unfilled(records)
        for words in not_recorded.words(found, records.names, place=records.study.place, smallest=smallest)
    ]


def _order_words(records: Records) -> list[str]:
    orders = records.problems[
        records.problems["where"].eq("clocks") & records.problems["problem"].str.contains(" before ")
    ]
    bad = orders[orders["without_partial"].fillna(0).gt(0)]
    if bad.empty:
        return []
    worst = wording.and_list([f"{row.problem} ({markup.number(row.without_partial)})" for row in bad.itertuples()])
    return [
        f"Events stand in an order that cannot be: {worst}. The later time of each pair is not used. Are times typed in afterwards?"
    ]


def _unmapped_words(records: Records) -> list[str]:
    rows = records.problems[records.problems["problem"].eq("rows whose spelling no code stands for")]
    return [
        f"{markup.number(row.raw)} rows have a spelling of {row.where} that no code stands for; they count as not recorded. "
        "The spellings are listed beside the processed tables: say for each which code it is."
        for row in rows.itertuples()
    ]


def _column_words(records: Records) -> list[str]:
    rows = records.problems[records.problems["problem"].eq("column of the file that nothing is mapped to")]
    if rows.empty:
        return []
    names = wording.and_list(sorted(rows["where"].str.split(": ", n=1).str[-1].unique()))
    return [f"Nothing is mapped to the column {names}. Say which column of the file it is, or that it is not wanted."]


def _reason_words(records: Records) -> list[str]:
    reasons = _reasons(records)
    rejected = reasons[reasons["fate"].eq("rejected")]
    if rejected.empty:
        return []
    top, first = rejected.iloc[0], reasons.iloc[0]
    said = f"The most frequent reason to reject a row is “{top['reason']}” ({markup.number(top['rows'])} rows of {top['table']})."
    if first["fate"] != "rejected":
        said += (
            f" Still more are set aside and need no answer: the most frequent reason of all is “{first['reason']}” "
            f"({markup.number(first['rows'])} rows of {first['table']})."
        )
    return [said]


def _reasons(records: Records) -> pd.DataFrame:
    each = records.left_out.assign(reason=records.left_out["reason"].str.split("; ")).explode("reason")
    counted = each.groupby(["table", "fate", "reason"]).size().rename("rows").reset_index()
    return counted.sort_values(["rows", "table", "fate", "reason"], ascending=[False, True, True, True]).reset_index(
        drop=True
    )


def receipts(records: Records) -> Html:
    """Every row accounted for, by file."""
    counts = ["rows_read", "accepted", "rejected", "set_aside"]
    lines = [
        (row.file, row.table, *(markup.number(getattr(row, name)) for name in counts))
        for row in records.receipts.itertuples()
    ]
    heads = ["Rows read", "Used", "Rejected", "Set aside"]
    return markup.table(
        lines, caption="Rows read = used + rejected + set aside", headers=["File", "Table", *heads], numeric=heads
    )


def reasons(records: Records) -> Html:
    """Why rows were left out; a row with two reasons counts under both."""
    lines = [(row.reason, row.table, row.fate, markup.number(row.rows)) for row in _reasons(records).itertuples()]
    if not lines:
        return markup.paragraph("No row was left out.")
    return markup.together(
        markup.table(lines, caption="Why rows were left out", headers=["Reason", "Table", "Fate", "Rows"], numeric=["Rows"]),
        Html('<p class="note">A row with two reasons counts under both. Each row left out is kept, with its file and row number, '
             "among the processed tables.</p>"),
    )  # fmt: skip


def problems(records: Records) -> Html:
    """What was found, as counted raw, once midnights are no times, and what the rules left."""
    shown = records.problems[~records.problems["problem"].str.startswith(("spellings", "column of"))]
    lines = [
        (
            row.problem,
            "" if pd.isna(row.table) else row.table,
            "" if row.where in ("clocks", "rows") else row.where,
            *(_count(getattr(row, name)) for name in ("raw", "without_partial", "left")),
        )
        for row in shown.itertuples()
    ]
    heads = ["As counted raw", "Midnights taken out", "After the rules"]
    return markup.together(
        markup.table(
            lines,
            caption="What was found, and what the rules did",
            headers=["Found", "Table", "Column", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{markup.escaped(_rules_note(records))}</p>'),
    )


def _rules_note(records: Records) -> str:
    return (
        "Counted over every row that was read. A clock at exactly midnight is a date without a time: it counts the episode in its month "
        "and measures nothing. Of two clocks in an impossible order the later one is not used. Copies are set aside where three or "
        "more clock times agree; the others stay. A missing time is counted here whether or not a team was to go; the table of what is "
        "recorded tells the two apart." + _deferred_words(records)
    )


def _deferred_words(records: Records) -> str:
    """How many of the long waits that the rules left are visits that the family put off, which are no slip of a date."""
    episodes = records.episodes
    if not {"requested_at", "arrived_at", "response_mode"} <= set(episodes):
        return ""
    long = (episodes["arrived_at"] - episodes["requested_at"]).gt(pd.Timedelta(hours=LONGEST_WAIT_HOURS))
    chosen = int((long & episodes["response_mode"].eq("deferred_mobile").fillna(False)).sum())
    if not chosen:
        return ""
    n = int(long.sum())
    part = f"all {markup.number(n)} are" if chosen == n else f"{markup.x_of_n(chosen, n)} are"
    return (
        f" Of the waits from request to arrival over {LONGEST_WAIT_HOURS} hours among the episodes used, {part} of visits "
        f"{RESPONSE_MODES['deferred_mobile']}: no error."
    )


def _count(value: object) -> str:
    return "" if pd.isna(value) else markup.number(value)


def completeness(records: Records) -> Html:
    """What is recorded, by column."""
    lines = [
        (
            row.means,
            row.column,
            markup.percent(row.usable / row.rows, row.rows),
            *(markup.number(getattr(row, name)) for name in ("date_only", "missing", "blanked", "not_due")),
        )
        for row in by_column(records.episodes).itertuples()
    ]
    heads = ["Usable", "Date only", "Missing", "Not possible", "Not to be filled"]
    table = markup.table(
        lines,
        caption=f"{markup.number(len(records.episodes))} episodes that are used",
        headers=["What", "Column", *heads],
        numeric=heads,
    )
    return markup.together(table, Html(f'<p class="note">{markup.escaped(NOT_TO_BE_FILLED)}</p>'))


def spellings(records: Records) -> Html:
    """How many spellings stood for how many codes, and the frequent ones that stand for none."""
    rows = records.problems[records.problems["problem"].str.startswith("spellings")]
    lines = [(row.where, _count(row.raw), _count(row.left)) for row in rows.itertuples()]
    heads = ["Spellings", "Codes"]
    table = markup.table(
        lines, caption="Spellings in the files, and the codes they stand for", headers=["Column", *heads], numeric=heads
    )
    often = records.unmapped[records.unmapped["rows"].ge(disclosure().smallest_shown)]
    if often.empty:
        return table
    seen = [(row.value, row.column, markup.number(row.rows)) for row in often.itertuples()]
    return markup.together(
        table,
        markup.table(
            seen,
            caption="Frequent spellings that no code stands for",
            headers=["Spelling", "Column", "Rows"],
            numeric=["Rows"],
        ),
    )


def _shown_columns(records: Records) -> list[str]:
    return [found.column for found in _unfilled(records)][:MOST_FIGURES]


def by_month(records: Records) -> Html:
    """Rows by month, and the columns that are missing more at some sites or in some months."""
    parts = [_rows_by_month(records), *(_missing_figure(records, name) for name in _shown_columns(records))]
    return Html(f'<div class="pair">{"".join(f"<div>{part}</div>" for part in parts)}</div>')


def _points(records: Records, values: pd.Series, shown: pd.Series) -> pd.DataFrame:
    """Points of a figure by month: months without a row are gaps, small ones hidden, the last one hollow where it is not whole."""
    first, last = records.covers
    partial = {first.to_period("M")} if first.day > 1 else set()
    partial |= {last.to_period("M")} if last.normalize() != last.to_period("M").end_time.normalize() else set()
    state = [
        figures.NO_RECORDS
        if pd.isna(values[month])
        else figures.HIDDEN
        if not shown[month]
        else figures.INCOMPLETE
        if month in partial
        else figures.COMPLETE
        for month in records.months
    ]
    note = [
        f"from {first.day} {first:%b}" if month == first.to_period("M") else f"to {last.day} {last:%b}"
        for month in records.months
    ]
    return pd.DataFrame(
        {
            "label": [month.strftime("%b\n%Y") for month in records.months],
            "value": [
                float(values[month]) if shown[month] and pd.notna(values[month]) else float("nan")
                for month in records.months
            ],
            "low": float("nan"),
            "high": float("nan"),
            "state": state,
            "note": note,
            "definition": "",
        }
    )


def _rows_by_month(records: Records) -> Html:
    rows = records.episodes["counted_on"].dt.to_period("M").value_counts().reindex(records.months)
    points = _points(records, rows, rows.ge(disclosure().smallest_shown).fillna(False))
    drawing = figures.draw_months(points, unit="count", title="Episodes used, by month", place=records.study.title)
    note = "Hollow: month not covered to its last day. Hatched: no record, or too few to show."
    return markup.figure(drawing.svg, alt=drawing.alt, caption="Episodes used, by month", note=note, name="rows")


def _missing_figure(records: Records, name: str) -> Html:
    missing = missing_by_month(records.episodes, records.months)
    rows = missing[missing["column"].eq(name)].set_index("month")
    part = (rows["missing"] / rows["rows"]).where(rows["rows"].gt(0))
    points = _points(records, part, rows["rows"].ge(disclosure().smallest_shown))
    words = CLOCK_WORDS.get(name, EPISODES.column(name).means)
    caption = f"Not recorded: {words[0].lower()}{words[1:]}"
    drawing = figures.draw_months(points, unit="share", title=caption, place=records.study.title)
    return markup.figure(
        drawing.svg,
        alt=drawing.alt,
        caption=caption,
        note="Part of each month's episodes that are to fill it.",
        name=f"missing-{name}",
    )


def about(records: Records) -> Html:
    """Notes of the study, and where things are."""
    notes = list(records.study.notes)
    if records.study.complete_from is not None:
        notes.append(
            f"Other briefs begin with {records.study.complete_from.day:%B %Y}: {records.study.complete_from.why}"
        )
    notes.append(
        "Counts on this page are of rows and of entries, not of people's outcomes; values of single rows are never shown."
    )
    return markup.list_of(notes)


def publish(records: Records) -> None:
    """Stage the list of problems as a table that may be sent on."""
    folder = ROOT / "outputs" / records.study.name / "runs" / records.period.name / STATEWIDE / "data_quality.tables"
    write_table(
        records.problems[PROBLEMS_TABLE.names], folder / "problems.csv", table=PROBLEMS_TABLE, rule=disclosure()
    )
