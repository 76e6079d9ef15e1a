"""A new study's folder: params/<study>/study.yml, source.yml and collaborative.yml, every key and column explained."""

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from analysis.intake.columns import PATTERN_WORDS
from analysis.intake.source import TO_FILL_IN
from analysis.params import ROOT, ParamsError
from analysis.tables import CLOCKS, LONGEST_WAIT_HOURS, REQUIRED_TABLES, SENT, Column, Table

STUDY_NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"
MADE_UP = "demo"
WIDTH = 120

STUDY = f"""\
## {{study}}: this program's own choices. Write a value wherever it says {TO_FILL_IN}; take the # off a line to use it.

## The name of the program as a brief prints it.
title: {TO_FILL_IN}
## The service's own name.
service: {TO_FILL_IN}
## Whom the records are about: children, or people where adults are among them.
people: children
## What a row of the sites table is: site, or place where one service is told apart by the place served.
place: site

## The ages that the service is for, both included; an episode of any other age is rejected. Without it no age is.
#ages: {{ages}}
## The month in which the fiscal year starts: 7 is July.
#fiscal_year_starts: 7
## Months that a chart goes back.
#history_months: 24
## Months before the period that a site is compared with.
#baseline_months: 12
## The first day from which the records are whole, and why: months before it are left out of every figure over time.
#complete_from:
#  day: 2024-07-01
#  why: The record system was set up anew; earlier months hold a few rows only.
## For the dollars brief: the state whose federal shares hold, the year whose dollars are shown, and the first day of the first
## quarter in which it claims the enhanced match for mobile crisis (at most 12 quarters, inside April 2022 to March 2027).
#money:
#  state: NM
#  price_year: 2025
#  enhanced_from: 2024-01-01
#  enhanced_quarters: 12
## Only where the data are invented: the words that every page then carries.
#made_up: Made-up data. Nothing here is about real children.

## This state's own response clocks, instead of the shared ones. start and stop: requested_at, dispatched_at, arrived_at,
## engaged_at, departed_at. modes, urgency and attempt_results restrict a clock to those codes; a wait beyond longest_hours is
## taken for a slip of the date. from and to are the days on which it holds; without to it still does.
#clocks:
#  - from: 2024-07-01
#    to: 2026-06-30
#    start: requested_at
#    stop: arrived_at
#    threshold_minutes: 60
#    target_share: 0.8
#    modes: [mobile]
#    urgency: [emergent]
#    attempt_results: [contact]
#    longest_hours: {LONGEST_WAIT_HOURS}
#    source: The state's service standard, section and page

## How many days stabilization may last, with the days on which each limit holds: it is for the stays that begin then. modes
## restricts one to those first responses. Without it no stay is too long.
#stay_limits:
#  - from: 2024-07-01
#    to: 2026-06-30
#    days: 56
#    modes: [mobile]
#    source: The state's plan, section and page
## Columns by which no figure is shown until those whom they describe have been asked.
#ask_before: [race_ethnicity]

## Benchmarks by measure (the ids are those of params/measures.yml), each with its days and the public source that set it.
#targets:
#  in_person_share:
#    - {{target}}

## How many episodes the program means to reach, per 1,000 children of its ages and year, with the days on which that holds and
## who set it. It stands beside what a site is expected to have by the other sites' rates, which cannot say that all are low.
#utilization_target:
#  - from: 2024-07-01
#    to: 2026-06-30
#    episodes_per_1000: 4.0
#    source: The state's plan, section and page
## Sites whose number of children is itself uncertain (tribal, frontier, border communities): what is expected of them is also
## given for a fifth fewer and a fifth more children.
#uncertain_exposure: [north]
## How many sites the state means to open, and where it says so; support plans' overview counts against it.
#rollout:
#  sites_planned: 15
#  source: The state's plan, section and page
## The linked study, where there are claims: who is compared with whom, from which day. Windows are in whole days (docs/cohort.md).
#cohort:
#  index_from: 2024-07-01            # first and last day on which a crisis may bring a child into the study
#  index_to: 2026-03-31
#  data_cut: 2026-06-30              # last day on which claims are whole: at least four months before the last one
#  ages:
#    youngest: 3
#    oldest: 20
#  mobile_modes: [mobile, deferred_mobile]
#  ed_tier: b                        # a: mental illness; b: or substance use; c: or suicidality in any position; d: any position
#  visit_merge_days: 1
#  boarding_midnights: 2
#  boarding_longest_midnights: 6
#  admission_within_days: 1
#  stay_bridge_days: 1
#  hold_hours: 48
#  chain_days: 1
#  enrolled_before_days: 180
#  enrollment_gap_days: 45
#  live_days: 30
#  washout_days: 60
#  horizon_days: 548
#  watched_until_age: 21
#  common_band: [suicidality, self_harm, psychosis, mood, substance, anxiety_trauma, disruptive, developmental, other_mental]

## Sentences that every brief of this study prints with its data.
#notes:
#  - What a reader has to know about these records.
"""

COLLABORATIVE = """\
## {study}: the meetings of the learning collaborative. A study can do without this file: take the # off a line to use it.
## Where the limits of a chart are to be set anew (another process, of known cause, wanted and lasting), write rebases.yml beside
## it: docs/methods.md says what goes in. Whatever was sent out is noted in releases/ by make release STUDY={study}.

## false: pages for everyone name no site, and a site's own page calls the others "another site".
#name_peers: true
## The signed agreement under which sites see one another's figures: its day, and what it allows in words.
#agreement:
#  signed_on: 2026-06-14
#  allows: Sites may see one another's figures, small counts hidden.

## Minutes of the meeting for each part of the agenda.
#minutes: {{promises: 15, questions: 20, learning: 10, records: 5, next_time: 10}}

## How a partner calls the team, in words for the page that a site hands to schools, emergency departments and the police.
#contact:
#  north: Call 988 at any hour and ask for the children's team.

## One entry a promise. site is a site_id, or statewide. meeting is the month that the meeting looked at, as in PERIOD=2026-09.
## owner_role is a role in small letters, never a name. done: yes, partly, no, or open (nobody has said).
#promises:
#  - site: north
#    made_on: 2026-10-08
#    meeting: "2026-09"
#    promise: Visit the two largest schools and leave the number.
#    owner_role: outreach worker
#    due_on: 2026-10-15
#    done: partly
#    done_on: 2026-10-13
#    note: One school is still to be visited.
"""

HEAD = f"""\
## {{study}}: how this program's export feeds the tables. Write a value wherever it says {TO_FILL_IN}; take the # off a line to
## use it, and leave every line that your export has nothing for. Lines with ## only explain. docs/data_dictionary.md has it all.

## The days whose requests the extract holds, both included, as its sender says: {{{{from: 2024-07-01, to: 2026-06-30}}}}.
covers: {{{{from: {TO_FILL_IN}, to: {TO_FILL_IN}}}}}
## Where the clocks hang: America/New_York, America/Chicago, America/Denver, America/Phoenix, America/Los_Angeles ...
time_zone: {TO_FILL_IN}
## What the export writes where it knows nothing. Medicaid's files write 9999-12-31 for a span that still lasts: add it then.
missing: ["", "NA", "N/A", "NULL"]

## Linked data. Whose keys of a child (the child_id of each table) are joined, and how each is compared: ignore leading_zeros,
## blanks, capitals, hyphens. several_per_child: true where one child may be there under two keys. Leave it all out where every
## file has the same key. A child_id is the key of its table's own system (episodes: dispatch; claims, enrollment: medicaid;
## placements: child_welfare; detentions: detention); another is said there: child_id: {{{{from: Medicaid No, system: medicaid}}}}.
#person_keys:
#  dispatch: {{{{ignore: [blanks, capitals], several_per_child: true}}}}
#  medicaid: {{{{ignore: [leading_zeros, blanks]}}}}
#  child_welfare: {{{{ignore: [leading_zeros, blanks]}}}}
#  detention: {{{{ignore: [leading_zeros, blanks]}}}}
## After the crosswalk, also join keys with the same given name, surname and date of birth (table children); never twins, and
## nobody where two children share all three. linkage.csv counts what it does.
#link_by_name: false
## Records of real people need a secret key outside the workspace: MRSS_KEY, or MRSS_KEY_FILE with the path of a file that holds
## it. An extract whose sender has replaced every identifier needs none; write who did so, and how one can know, as
## replaced_by_sender: The county's quality team; the sheet Notes says so.
"""

FILE_KEYS = """\
## Only where needed: the sheet of a workbook (else its first), the line of the column names (else the first), and for text
## the encoding and delimiter (else they are found out).
#sheet: Sheet1
#header_row: 1
#encoding: utf-8
#delimiter: ","
## For a file of claim lines with a file of headers: the header files, and the columns of both that say what belongs together.
## join: {files: headers.csv, by: CLM_ID}. Several sources of one table stand under parts:, each with files and columns of its
## own. A mapping that ships (params/sources/) is used by its name: {layout: tmsis_ot, files: lines.csv, join: {files: headers.csv}}.
## The days that a table's files hold, where they are other than the extract's: covers: {from: 2020-07-01, to: 2026-06-30}.
## Columns of the file that are left out on purpose; any other that nothing is mapped to is listed in problems.csv.
#ignored: [Staff notes]
"""


# What the first columns of the first table explain for all.
HINTS = {
    "site_id": 'Where the file spells it otherwise: {from: Region, codes: {north: ["Northern Region"]}}.',
    "requested_at": (
        "Dates are ISO (2026-10-31 13:29) or a spreadsheet's own; any other needs its format: {from: Called, format: "
        '"%m/%d/%Y %H:%M"}. A date and a time in two columns: {from: [Date, Time]}. partial: true says that midnight stands '
        "for a time that nobody wrote down."
    ),
}


def start_study(name: str, *, root: Path = ROOT) -> Path:
    """The folder of a new study with its commented files; a ParamsError where it exists or the name cannot be used."""
    folder = root / "params" / name
    if not re.fullmatch(STUDY_NAME, name):
        raise ParamsError(
            f'"{name}" cannot be the name of a study: use letters, digits, - and _ and begin with a letter or digit, as in '
            "make study STUDY=nm."
        )
    if name == MADE_UP:
        raise ParamsError(f"{MADE_UP} is the made-up state. Name the new study, as in make study STUDY=nm.")
    if folder.exists():
        raise ParamsError(f"params/{name}/ exists already and stays as it is. Edit it, or choose another name.")
    folder.mkdir(parents=True)
    (folder / "study.yml").write_text(study_text(name), encoding="utf-8")
    (folder / "source.yml").write_text(source_text(name), encoding="utf-8")
    (folder / "collaborative.yml").write_text(collaborative_text(name), encoding="utf-8")
    return folder


def study_text(name: str) -> str:
    """A new study.yml, with every key that one may hold."""
    return STUDY.format(
        study=name,
        ages="{youngest: 0, oldest: 20}",
        target="{share: 0.9, from: 2024-07-01, to: 2026-06-30, source: Name and page of the public document}",
    )


def collaborative_text(name: str) -> str:
    """A new collaborative.yml: all of it waits behind a #, so that as written it says nothing."""
    return COLLABORATIVE.format(study=name)


def source_text(name: str) -> str:
    """A new source.yml, with every table and column of the contract that can be mapped."""
    lines = [*HEAD.format(study=name).splitlines(), "", *_code_lists(), "", "tables:"]
    for table in SENT.values():
        needed = table.name in REQUIRED_TABLES
        block = _rows_block(table) if table.name == "sites" else _files_block(table, needed)
        lines += ["", *_indented(_prose(f"{table.name}: one row is {table.row}."), 2)]
        lines += _indented(block if needed else _commented(block), 2)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _files_block(table: Table, needed: bool) -> Iterator[str]:
    """A table that comes from files below data/raw; one that a study needs asks for what it cannot do without."""
    yield f"{table.name}:"
    yield "  ## A file below data/raw/<study>/, or a pattern such as 2026/*.csv: .csv, .xlsx, .parquet, each also with .gz."
    yield f"  files: {TO_FILL_IN if needed else f'{table.name}.csv'}"
    yield from _indented(FILE_KEYS.splitlines() if needed else [], 2)
    yield "  columns:"
    for column in table.mapped:
        yield from _indented(_prose(_meaning(column), HINTS.get(column.name, "") if needed else ""), 4)
        # Without the time of the request no month is known for sure: it is asked for with what every row needs.
        asked = column.required or column.name == CLOCKS[0]
        entry = [f"{column.name}: {{from: {TO_FILL_IN}}}"] if needed and asked else _entry(column)
        yield from _indented(entry if asked else _commented(entry), 4)


def _rows_block(table: Table) -> Iterator[str]:
    """A short table whose rows are written in source.yml itself."""
    yield f"{table.name}:"
    yield "  ## One entry for each, beginning with a dash. A long list may come from a file instead: write files and columns here"
    yield "  ## as for the episodes, and take rows out."
    yield "  rows:"
    yield "    -"
    for column in table.mapped:
        known = "true" if column.kind == "flag" else TO_FILL_IN
        line = f"{column.name}: {known if column.required else _example(column)}"
        yield from _indented([*_prose(_meaning(column)), line if column.required else f"#{line}"], 6)


def _entry(column: Column) -> Iterator[str]:
    """The mapping of one column as it would stand in a source.yml."""
    heading = column.name.replace("_", " ").capitalize()
    if column.kind not in ("code", "codes"):
        form = ', format: "%m/%d/%Y %H:%M", partial: true' if column.kind == "clock" else ""
        yield f"{column.name}: {{from: {heading}{form}}}"
        return
    yield f"{column.name}:"
    yield f"  from: {f'[{heading} 1, {heading} 2]' if column.kind == 'codes' else heading}"
    if shared := next((name for name, codes in _shared_codes().items() if codes is column.codes), None):
        yield f"  codes: {shared}"
    else:
        yield "  codes:"
        yield from _indented(_spellings(column.codes), 4)


def _spellings(codes: Mapping[str, str]) -> list[str]:
    return [
        f'{code if code.isidentifier() else f"{code!r}"}: ["{words.capitalize()}"]' for code, words in codes.items()
    ]


def _shared_codes() -> dict[str, Mapping[str, str]]:
    """The code sets that several columns use, by the name of the last of these."""
    coded = [column for table in SENT.values() for column in table.mapped if column.codes]
    return {
        column.name: column.codes
        for at, column in enumerate(coded)
        if any(other.codes is column.codes for other in coded[:at])
    }


def _code_lists() -> list[str]:
    lines = ["code_lists:"]
    for name, codes in _shared_codes().items():
        lines += [f"  {name}:", *_indented(_spellings(codes), 4)]
    said = (
        "Our codes on the left, the export's spellings of each on the right (several between commas; capitals and blanks make "
        "no difference). A list named here can serve several columns."
    )
    return [*_prose(said), *_commented(lines)]


def _meaning(column: Column) -> str:
    """What the comment above a column says."""
    said = [f"{column.name}{' (every row needs it)' if column.required else ''}: {column.means}."]
    if column.unit:
        said.append(f"Unit: {column.unit}.")
    if column.pattern:
        said.append(f"Form: {PATTERN_WORDS.get(column.pattern, column.pattern)}.")
    if column.at_least is not None or column.at_most is not None:
        limits = (("from", column.at_least), ("to", column.at_most))
        said.append("Allowed: " + " ".join(f"{word} {limit:g}" for word, limit in limits if limit is not None) + ".")
    if column.codes:
        said.append("Codes: " + "; ".join(f"{code} = {words}" for code, words in column.codes.items()) + ".")
    return " ".join(said)


def _example(column: Column) -> str:
    return {"day": "2024-07-01", "text": "north", "flag": "true"}.get(column.kind, "1")


def _prose(*texts: str) -> list[str]:
    text = " ".join(part for part in texts if part)
    return textwrap.wrap(text, WIDTH - 8, initial_indent="## ", subsequent_indent="## ", break_on_hyphens=False)


def _commented(lines: Iterable[str]) -> list[str]:
    """Each line with a # in front, which alone has to be taken off again; what only explains keeps its two."""
    return [_explaining(line) if line.lstrip().startswith("##") else f"#{_bare(line)}" for line in lines]


def _explaining(line: str) -> str:
    return line if line.startswith("##") else f"##{line.replace('## ', ' ', 1)}"


def _bare(line: str) -> str:
    return line.replace("#", "", 1) if line.lstrip().startswith("#") else line


def _indented(lines: Iterable[str], blanks: int) -> list[str]:
    return [" " * blanks + line for line in lines]


def main(arguments: list[str], *, root: Path = ROOT) -> int:
    """Exit status 0, or 1 with one sentence on why no study was started."""
    try:
        if len(arguments) != 1:
            raise ParamsError("Name one new study, as in make study STUDY=nm.")
        name = start_study(arguments[0], root=root).name
    except ParamsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"1. Copy the extract to data/raw/{name}/ (make that folder; git leaves it alone).")
    print(
        f"2. Write your own values in params/{name}/study.yml and params/{name}/source.yml wherever they say {TO_FILL_IN}."
    )
    print(f"3. make data STUDY={name} reads it and lists every problem in data/processed/{name}/problems.csv.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
