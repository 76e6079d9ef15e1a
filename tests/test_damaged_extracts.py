"""Damaged extracts: each ends in a sentence or in counted rows, never in a traceback, a lost row or an identifier shown."""

import copy
import datetime
import gzip
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from analysis import params
from analysis.intake.extract import read_extract
from analysis.intake.raw import IntakeError
from analysis.intake.store import write_tables

HEADER = ["ID", "Kid", "Site", "Called", "Sent", "Arrived", "Age", "Outcome"]
# Six children on six days, all different, none a copy of another.
ROWS = [
    [f"EP-70{n}", f"KID-90{n}", ["north", "south"][n % 2], f"2025-03-{day} 10:00", f"2025-03-{day} 10:{20 + n}",
     f"2025-03-{day} 11:{10 + n}", str(9 + n), "Home"]
    for n, day in enumerate([13, 14, 15, 16, 17, 18])
]  # fmt: skip
IDENTIFIERS = ("EP-70", "KID-90", "1234567890")

SOURCE = {
    "covers": {"from": datetime.date(2025, 1, 1), "to": datetime.date(2025, 12, 31)},
    "time_zone": "America/Denver",
    "missing": ["", "NA"],
    "tables": {
        "episodes": {
            "files": "episodes.csv",
            "columns": {
                "episode_id": {"from": "ID"},
                "child_id": {"from": "Kid"},
                "site_id": {"from": "Site"},
                "requested_at": {"from": "Called"},
                "dispatched_at": {"from": "Sent"},
                "arrived_at": {"from": "Arrived"},
                "age_years": {"from": "Age"},
                "disposition": {"from": "Outcome", "codes": {"community": ["Home"], "emergency_department": ["ED"]}},
            },
        },
        "sites": {
            "rows": [
                {"site_id": "north", "name": "North", "has_scorecard": True},
                {"site_id": "south", "name": "South", "has_scorecard": True},
            ]
        },
    },
}
STUDY = {
    "title": "A state", "service": "MRSS", "people": "children", "place": "site", "ages": {"youngest": 0, "oldest": 20},
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One damage. Either `says` (words of the sentence) or `counts` (read, accepted, rejected, set aside) is given.

    `reasons` are those of the rows that were not accepted, `problems` lines of problems.csv with their raw count.
    """

    name: str
    files: dict[str, bytes | None]
    source: dict | str = field(default_factory=lambda: SOURCE)
    says: tuple[str, ...] = ()
    counts: tuple[int, int, int, int] | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)


# --- making them -----------------------------------------------------------------------------------------------------


def text(rows: list[list[str]] = ROWS, *, header: list[str] = HEADER, mark: str = ",", end: str = "\n") -> str:
    """The rows as delimited text; a field with the mark, a quote or a line break in it is quoted."""

    def quoted(value: str) -> str:
        return f'"{value}"' if mark in value or "\n" in value else value

    return "".join(mark.join(map(quoted, row)) + end for row in [header, *rows])


def with_value(row: int, column: str, value: str) -> str:
    """The text with one value changed; `row` counts from 0, so it stands on line `row` + 2."""
    return text(changed(row, column, value))


def changed(row: int, column: str, value: str, rows: list[list[str]] = ROWS) -> list[list[str]]:
    rows = copy.deepcopy(rows)
    rows[row][HEADER.index(column)] = value
    return rows


def with_column(column: str, values: list[str]) -> str:
    rows = ROWS
    for row, value in enumerate(values):
        rows = changed(row, column, value, rows)
    return text(rows)


def workbook(rows: list[list] = ROWS, *, sheet: str = "Data", first_row: int = 1) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["How this was exported"])
    page = book.create_sheet(sheet)
    for at, row in enumerate([HEADER, *rows], start=first_row):
        for column, value in enumerate(row, start=1):
            page.cell(at, column, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_result(content: bytes, cell: str, result: str) -> bytes:
    """The workbook with a stored result in one formula cell, as Excel writes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part.startswith("xl/worksheets/") and f'<c r="{cell}"'.encode() in data:
                before, _, after = data.partition(f'<c r="{cell}"'.encode())
                after = after.replace(b"<v />", f"<v>{result}</v>".encode(), 1).replace(
                    b"<v></v>", f"<v>{result}</v>".encode(), 1
                )
                data = before + f'<c r="{cell}" t="str"'.encode() + after
            new.writestr(part, data)
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pd.DataFrame(ROWS, columns=HEADER).to_parquet(file, index=False)
    return file.getvalue()


def source(change: Callable[[dict], object]) -> dict:
    made = copy.deepcopy(SOURCE)
    change(made)
    return made


def episodes(**keys: object) -> dict:
    """The source with other keys for the episodes table."""
    return source(lambda made: made["tables"]["episodes"].update(keys))


def columns(**keys: object) -> dict:
    """The source with other columns of the episodes table."""
    return source(lambda made: made["tables"]["episodes"]["columns"].update(keys))


def sites(**keys: object) -> dict:
    """The source with other values for its first site."""
    return source(lambda made: made["tables"]["sites"]["rows"][0].update(keys))


def counties(*shares: float) -> dict:
    """The source with one county split among sites from the same day."""
    rows = [
        {"site_id": site, "county_fips": "35001", "from_on": datetime.date(2025, 1, 1), "share": share}
        for site, share in zip(["north", "south"], shares, strict=True)
    ]
    return source(lambda made: made["tables"].update(site_counties={"rows": rows}))


def csv_case(name: str, content: str | bytes, **rest: object) -> Case:
    return Case(name, {"episodes.csv": content if isinstance(content, bytes) else content.encode()}, **rest)


def yaml_case(name: str, made: dict | str, *says: str) -> Case:
    return Case(name, {"episodes.csv": text().encode()}, made, says=says)


FINE = (6, 6, 0, 0)
EXCEL = episodes(files="episodes.xlsx", sheet="Data")
AMERICAN = {"format": "%m/%d/%Y %H:%M"}
AMERICAN_CLOCKS = columns(
    requested_at={"from": "Called", **AMERICAN},
    dispatched_at={"from": "Sent", **AMERICAN},
    arrived_at={"from": "Arrived", **AMERICAN},
)


def american(days_first: tuple[int, ...] = ()) -> str:
    """The clocks as 3/13/2025 10:00, in the rows named as 13/3/2025 10:00."""
    rows = copy.deepcopy(ROWS)
    for at, row in enumerate(rows):
        for column in (3, 4, 5):
            day = row[column][8:10]
            date = f"{day}/03/2025" if at in days_first else f"03/{day}/2025"
            row[column] = f"{date} {row[column][11:]}"
    return text(rows)


SAME_NIGHT = [  # clocks fall back at 2:00 on 2 November: 1:50 and then, in the second pass, 1:20
    [*row[:3], "2025-11-02 01:50", "2025-11-02 01:20", "2025-11-02 03:30", *row[6:]] if at == 0 else row
    for at, row in enumerate(ROWS)
]
COPY = ["EP-7099", *ROWS[2][1:]]
COPY_OF_TWO = [[*row[:5], "", *row[6:]] for row in (ROWS[2], COPY)]
SIBLING = ["EP-7099", "KID-9099", *ROWS[2][2:]]
NO_SITE = "site_id is not in the sites table"
NO_DATE = "no clock holds a date inside the days that the extract covers"
BAD_ID = "episode_id is not a whole identifier (a spreadsheet has cut its digits, or a formula has failed)"
BAD_SITE = "site_id is not made of small letters, digits, - and _, at most 40 of them, beginning with a letter or digit"
LINE_2 = text().splitlines()[1]

CASES = [
    # --- the header
    csv_case("missing column", text([row[:-1] for row in ROWS], header=HEADER[:-1]),
             says=("episodes.csv", "lacks the column", '"Outcome"', "nothing is mapped to: none", "Correct the mapping")),
    csv_case("renamed column", text(header=[*HEADER[:-1], "Outcomes"]),
             says=("episodes.csv", '"Outcome" (did you mean "Outcomes"?)', "Correct the mapping")),
    csv_case("duplicated header", text(header=[*HEADER[:-1], "Outcome", "Site"], rows=[[*row, "x"] for row in ROWS]),
             says=("episodes.csv", '"Site" stands 2 times', "Rename")),
    csv_case("no header: the first record is not shown as column names", text().split("\n", 1)[1],
             says=("episodes.csv", "none of the mapped columns stands in line 1", "header_row")),
    csv_case("column named nothing", text([[*row, "x"] for row in ROWS], header=[*HEADER, ""]), counts=FINE,
             problems={"column of the file that nothing is mapped to": 1}),
    csv_case("header on row 3", f"Exported for the state\n\n{text()}", source=episodes(header_row=3), counts=FINE),
    csv_case("an open quote above the header", f'Exported "for the state\n\n{text()}', source=episodes(header_row=3), counts=FINE),
    csv_case("header row beyond the file", text(), source=episodes(header_row=40),
             says=("episodes.csv", "nothing is written from line 40 on", "Correct header_row")),
    Case("header on row 3 of a sheet", {"episodes.xlsx": workbook(first_row=3)}, episodes(files="episodes.xlsx", sheet="Data", header_row=3),
         counts=FINE),
    Case("wrong sheet", {"episodes.xlsx": workbook()}, episodes(files="episodes.xlsx", sheet="Date"),
         says=("episodes.xlsx", 'no sheet "Date" (did you mean "Data"?)', '"Notes", "Data"', "Correct sheet")),
    Case("another sheet's columns", {"episodes.xlsx": workbook()}, episodes(files="episodes.xlsx", sheet="Notes"),
         says=("episodes.xlsx", 'none of the mapped columns stands in sheet "Notes", row 1', 'the others are "Data"')),
    # --- encodings and delimiters
    csv_case("latin-1", with_value(0, "Outcome", "Doña Ana").encode("latin-1"), counts=FINE, unmapped={"Doña Ana": 1}),
    csv_case("utf-16", with_value(0, "Outcome", "Doña Ana").encode("utf-16"), counts=FINE, unmapped={"Doña Ana": 1}),
    csv_case("utf-16 without a mark", text().encode("utf-16-le"), says=("episodes.csv", "NUL bytes", "encoding: utf-16-le")),
    csv_case("utf-16 declared as such", text().encode("utf-16-le"), source=episodes(encoding="utf-16-le"), counts=FINE),
    csv_case("utf-8 with a mark", b"\xef\xbb\xbf" + text().encode(), counts=FINE),
    csv_case("not in the declared encoding", with_value(0, "Outcome", "Doña Ana").encode("latin-1"), source=episodes(encoding="utf-8"),
             says=("episodes.csv", "not text in utf-8", "Correct encoding")),
    csv_case("emoji", with_value(0, "Outcome", "🏠"), counts=FINE, unmapped={"🏠": 1}),
    csv_case("semicolon", text(mark=";"), counts=FINE),
    csv_case("tab", text(mark="\t"), counts=FINE),
    csv_case("vertical bar", text(mark="|"), counts=FINE),
    csv_case("another delimiter than declared", text(mark=";"), source=episodes(delimiter="|"),
             says=("episodes.csv", "line 1, split at each vertical bar", "delimiter")),
    csv_case("mixed line ends", text()[:120].replace("\n", "\r\n") + text()[120:].replace("\n", "\r", 2), counts=FINE),
    # --- nothing there
    csv_case("empty file", b"", says=("episodes.csv", "is empty", "Ask the sender")),
    csv_case("only blank lines", b"\n  \n\r\n", says=("episodes.csv", "is empty", "Ask the sender")),
    csv_case("only a header", text([]), says=("episodes.csv", "column names are there, but no rows", "Ask the sender")),
    csv_case("only delimiters", ",,,,\n,,,,\n", says=("episodes.csv", "nothing is written from line 1 on")),
    csv_case("a file of NULs", b"\0" * 4000, says=("episodes.csv", "is empty")),
    Case("no file of that name", {"calls.csv": text().encode()},
         says=("source.yml: tables.episodes.files", '"episodes.csv" matches no file', '"calls.csv"', "Copy the extract there")),
    Case("a folder of that name", {"episodes.csv": None}, says=('"episodes.csv" is a folder, not a file', "correct the name")),
    Case("no data at all", {}, says=("data/raw/state/ does not exist", "copy the extract there")),
    Case("two files, one with a header only", {"episodes_1.csv": text().encode(), "episodes_2.csv": text([]).encode()},
         episodes(files="episodes_*.csv"), counts=FINE),
    Case("name with blanks", {"all episodes 2025.csv": text().encode()}, episodes(files="all episodes 2025.csv"), counts=FINE),
    Case("name with brackets", {"episodes [1].csv": text().encode()}, episodes(files="episodes [1].csv"), counts=FINE),
    Case("ending .CSV", {"EPISODES.CSV": text().encode()}, episodes(files="EPISODES.CSV"), counts=FINE),
    Case("ending .XLSX", {"EPISODES.XLSX": workbook()}, episodes(files="EPISODES.XLSX", sheet="Data"), counts=FINE),
    Case("ending .CSV.GZ", {"EPISODES.CSV.GZ": gzip.compress(text().encode())}, episodes(files="EPISODES.CSV.GZ"), counts=FINE),
    Case("an ending that is not read", {"episodes.pdf": b"%PDF"}, episodes(files="episodes.pdf"),
         says=("episodes.pdf", 'ending in ".pdf" are not read', ".csv", "rename")),
    Case("no ending", {"episodes": text().encode()}, episodes(files="episodes"), says=("episodes", "without an ending", ".csv")),
    # --- damaged on the way
    Case("gzip cut off", {"episodes.csv.gz": gzip.compress(text().encode())[:-20]}, episodes(files="episodes.csv.gz"),
         says=("episodes.csv.gz", "damaged, cut off", "Ask the sender")),
    Case("a gzip that is none", {"episodes.csv.gz": text().encode()}, episodes(files="episodes.csv.gz"),
         says=("episodes.csv.gz", "no gzip file", "take .gz off its name")),
    Case("workbook cut off", {"episodes.xlsx": workbook()[:3000]}, EXCEL, says=("episodes.xlsx", "not a spreadsheet that can be read")),
    Case("workbook that is text", {"episodes.xlsx": text().encode()}, EXCEL,
         says=("episodes.xlsx", "not a spreadsheet that can be read", "of another kind than its name says")),
    csv_case("text that is a workbook", workbook(), says=("episodes.csv", "ends in .csv but is an Excel workbook", "Give it the ending")),
    Case("damaged Parquet", {"episodes.parquet": parquet()[:-100]}, episodes(files="episodes.parquet"),
         says=("episodes.parquet", "not a Parquet file that can be read", "Ask the sender")),
    Case("sound Parquet", {"episodes.parquet": parquet()}, episodes(files="episodes.parquet"), counts=FINE),
    csv_case("NUL bytes in one row", text().replace("EP-703", "EP-7\0\0"), counts=(6, 5, 1, 0),
             reasons={"holds NUL bytes: damaged on its way": 1}),
    csv_case("too few fields", text() + "EP-7050,KID-9050,north\n", counts=(7, 6, 1, 0),
             reasons={"has 3 fields where the header has 8": 1}),
    csv_case("too many fields", text() + LINE_2.replace("EP-70", "EP-7050") + ",Home\n", counts=(7, 6, 1, 0),
             reasons={"has 9 fields where the header has 8": 1}),
    csv_case("empty fields beyond the last", text().replace("\n", ",,\n").replace("Outcome,,", "Outcome"), counts=FINE),
    csv_case("an open quote to the end", text().replace("Home\n", '"Home\n', 1), says=("episodes.csv, line 2", "a quotation mark is not closed")),
    csv_case("an open quote up to another", text().replace("north,", '"north,', 1).replace("south,", 'south",', 1),
             says=("episodes.csv, line 2", "as if they were one row", "Correct the quotes")),
    csv_case("an open quote that makes one whole row", text().replace("south,", '"south,', 1).replace("north,", 'north",', 2).replace('north",', "north,", 1),
             says=("episodes.csv, line 3", "as if they were one row")),
    csv_case("a line break in quotes", with_value(0, "Outcome", "Home,\nwith aunt"), counts=FINE, unmapped={"Home, with aunt": 1}),
    csv_case("a cell of 100,000 characters", with_value(0, "Outcome", "x" * 100_000), counts=FINE, unmapped={"x" * 100_000: 1}),
    # --- cells of a spreadsheet
    Case("a formula with its result", {"episodes.xlsx": with_result(workbook(changed(0, "Outcome", '="ED"')), "H2", "ED")}, EXCEL, counts=FINE),
    Case("a formula without a result", {"episodes.xlsx": workbook(changed(0, "Arrived", "=NOW()"))}, EXCEL, counts=FINE,
         problems={"arrival: not a date in the declared form": 1, "arrival time missing": 0}),
    Case("a formula without a result as the identifier", {"episodes.xlsx": workbook(changed(0, "ID", "=A1"))}, EXCEL,
         counts=(6, 5, 1, 0), reasons={BAD_ID: 1}),
    Case("a formula whose result is empty", {"episodes.xlsx": with_result(workbook(changed(0, "Arrived", '=""')), "F2", "")}, EXCEL,
         counts=FINE, problems={"arrival time missing": 1}),
    Case("#REF! in a clock", {"episodes.xlsx": workbook(changed(0, "Arrived", "#REF!"))}, EXCEL, counts=FINE,
         problems={"arrival: not a date in the declared form": 1, "arrival time missing": 0}),
    Case("#REF! in an identifier", {"episodes.xlsx": workbook(changed(0, "ID", "#REF!"))}, EXCEL, counts=(6, 5, 1, 0), reasons={BAD_ID: 1}),
    Case("date cells", {"episodes.xlsx": workbook(changed(0, "Arrived", datetime.datetime(2025, 3, 13, 11, 5)))}, EXCEL, counts=FINE),
    # --- identifiers
    csv_case("identifier read as a decimal", with_value(0, "ID", "1234567890.0"), counts=FINE),
    csv_case("identifier read as a decimal, and again as it was", text([*changed(0, "ID", "1234567890.0"), ["1234567890", *ROWS[0][1:]]]),
             counts=(7, 6, 1, 0), reasons={"episode_id already used by an earlier row that says something else": 1}),
    csv_case("identifier in scientific notation", with_value(0, "ID", "1.23457E+09"), counts=(6, 5, 1, 0), reasons={BAD_ID: 1}),
    csv_case("missing identifier", with_value(0, "ID", "NA"), counts=(6, 5, 1, 0), reasons={"episode_id is missing": 1}),
    csv_case("repeated identifier, same row", text([*ROWS, ROWS[0]]), counts=(7, 6, 0, 1), reasons={"the same row again, with the same episode_id": 1}),
    csv_case("repeated identifier, other row", text([*ROWS, [ROWS[0][0], *ROWS[1][1:]]]), counts=(7, 6, 1, 0),
             reasons={"episode_id already used by an earlier row that says something else": 1}),
    csv_case("copies with three clocks", text([*ROWS, COPY]), counts=(7, 6, 0, 1),
             reasons={"a copy of an earlier row under another id: same clocks, first problem and disposition": 1}),
    csv_case("copies with two clocks", text([*ROWS[:2], *COPY_OF_TWO, *ROWS[3:]]), counts=(7, 7, 0, 0),
             problems={"later copies of a row under another id": 1, "copies set aside (3 or more clock times agree)": 0}),
    csv_case("two children of one call", text([*ROWS, SIBLING]), counts=(7, 7, 0, 0), problems={"later copies of a row under another id": 0}),
    csv_case("a copy of a row that is rejected", text([*changed(2, "Site", "west"), COPY]), counts=(7, 6, 1, 0), reasons={NO_SITE: 1}),
    # --- dates
    csv_case("day and month exchanged throughout", american((0, 1, 2, 3, 4, 5)), source=AMERICAN_CLOCKS,
             says=("episodes.csv", "6 of 6 values of requested_at", '"%m/%d/%Y %H:%M"', 'read as "%d/%m/%Y %H:%M"')),
    # Days up to the 12th read either way, so only two rows of six are lost; that every value reads the other way gives it away.
    csv_case("day and month exchanged, hidden by days up to the 12th",
             american((0, 1, 2, 3, 4, 5)).replace("15/03", "07/03").replace("16/03", "08/03").replace("17/03", "09/03").replace("18/03", "10/03"),
             source=AMERICAN_CLOCKS, says=("episodes.csv", "2 of 6 values of requested_at", "Day and month are exchanged")),
    csv_case("day and month exchanged in a few rows", american((0, 1)), source=AMERICAN_CLOCKS, counts=(6, 4, 2, 0), reasons={NO_DATE: 2},
             problems={"readable only with day and month exchanged; others of that kind may be misread": 6}),
    Case("day and month exchanged in one file of two", {"episodes_1.csv": american().encode(), "episodes_2.csv": american((0, 1, 2, 3, 4, 5)).replace("EP-70", "EP-71").encode()},
         {**AMERICAN_CLOCKS, "tables": {**AMERICAN_CLOCKS["tables"], "episodes": {**AMERICAN_CLOCKS["tables"]["episodes"], "files": "episodes_*.csv"}}},
         says=("episodes_2.csv", "6 of 6", "Day and month are exchanged")),
    csv_case("dates of another form", american(), says=("episodes.csv", "6 of 6", "2026-10-31 13:29 (ISO)", "Correct its format")),
    csv_case("a date in 1899", with_value(0, "Arrived", "1899-12-30 11:10"), counts=FINE, problems={"arrival: outside the days covered": 1}),
    csv_case("a date in 2205", with_value(0, "Arrived", "2205-03-13 11:10"), counts=FINE, problems={"arrival: outside the days covered": 1}),
    csv_case("year 0205", with_value(0, "Arrived", "0205-03-13 11:10"), counts=FINE, problems={"arrival: not a date in the declared form": 1}),
    csv_case("31 February", with_value(0, "Arrived", "2025-02-31 11:10"), counts=FINE, problems={"arrival: not a date in the declared form": 1}),
    csv_case("25:61 o'clock", with_value(0, "Arrived", "2025-03-13 25:61"), counts=FINE, problems={"arrival: not a date in the declared form": 1}),
    csv_case("midnight for no time", with_value(0, "Arrived", "2025-03-13 00:00"), source=columns(arrived_at={"from": "Arrived", "partial": True}),
             counts=FINE, problems={"arrival: date without a time (exactly midnight)": 1, "arrival before dispatch": 1}),
    csv_case("midnights not declared", with_column("Sent", [f"{row[3][:10]} 00:00" for row in ROWS]), counts=FINE,
             problems={"dispatch: date without a time (exactly midnight), not declared as partial": 6, "dispatch before request": 6}),
    csv_case("arrival before dispatch", with_value(0, "Arrived", "2025-03-13 10:05"), counts=FINE, problems={"arrival before dispatch": 1}),
    csv_case("1:20 after 1:50 in the hour that comes twice", text(SAME_NIGHT), counts=FINE,
             problems={"dispatch before request": 0, "arrival before dispatch": 0, "request to arrival negative or over 24 hours": 0}),
    csv_case("every clock outside the days covered", text([[*ROWS[0][:3], *["2026-03-13 10:00"] * 3, *ROWS[0][6:]], *ROWS[1:]]),
             counts=(6, 5, 1, 0), reasons={NO_DATE: 1}),
    csv_case("only an arrival, after the last day covered", text([[*ROWS[0][:3], "", "", "2026-01-05 10:00", *ROWS[0][6:]], *ROWS[1:]]),
             counts=(6, 5, 1, 0), reasons={NO_DATE: 1}),
    # --- codes, sites, ages
    csv_case("an unmapped code", with_value(0, "Outcome", "Moon"), counts=FINE, unmapped={"Moon": 1},
             problems={"rows whose spelling no code stands for": 1}),
    csv_case("spellings differing in capitals and blanks", with_column("Outcome", ["home", " HOME ", "ed", "Ed", "Home", "Home"]),
             counts=FINE, problems={"rows whose spelling no code stands for": 0}),
    csv_case("a formula in a code column", with_value(0, "Outcome", "=cmd()"), counts=FINE, unmapped={"'=cmd()": 1}),
    csv_case("<script> in a site's name", text(), source=sites(name="<script>alert(1)</script>"), counts=FINE),
    csv_case("../ in a site's name", text(), source=sites(name="../../etc/passwd"), counts=FINE),
    csv_case("../ in a site's id in source.yml", text(), source=sites(site_id="../north"),
             says=("params/state/source.yml", "tables.sites.rows: row 1", "site_id is not made of small letters")),
    csv_case("../ in a site's id in a file", with_value(0, "Site", "../north"), counts=(6, 5, 1, 0), reasons={BAD_SITE: 1}),
    csv_case("a site that nobody knows", with_value(0, "Site", "west"), counts=(6, 5, 1, 0), reasons={NO_SITE: 1}),
    csv_case("no site is known", text().replace("north", "North").replace("south", "South"),
             says=("episodes.csv", "not one of 6 rows can be used", "site_id is not made of small letters", "(6 rows)", "Correct the mapping")),
    csv_case("age out of scope", with_value(0, "Age", "34"), counts=(6, 5, 1, 0), reasons={"age outside 0 to 20 years": 1}),
    csv_case("age in words", with_value(0, "Age", "twelve"), counts=FINE, problems={"not readable, treated as missing": 1}),
    csv_case("age without end", with_value(0, "Age", "inf"), counts=FINE, problems={"not readable, treated as missing": 1}),
    csv_case("two faults in one row", text(changed(0, "Age", "34", changed(0, "Site", "west"))), counts=(6, 5, 1, 0),
             reasons={f"{NO_SITE}; age outside 0 to 20 years": 1}),
    csv_case("shares that sum to 1.2", text(), source=counties(0.7, 0.5),
             says=("site_counties", "county 35001 sum to 1.2 on 2025-01-01", "north, south", "Correct share or to_on")),
    csv_case("shares that sum to 1", text(), source=counties(0.7, 0.3), counts=FINE),
    Case("a count that no integer holds", {"episodes.csv": text().encode(), "population.csv": b"fips,y,band,n,src\n35001,2025,0-4,1e30,ACS\n35001,2025,5-11,12,ACS\n"},
         source(lambda made: made["tables"].update(population={"files": "population.csv", "columns": {
             "county_fips": {"from": "fips"}, "year": {"from": "y"}, "age_band": {"from": "band"}, "children": {"from": "n"}, "source": {"from": "src"}}})),
         counts=FINE),
    # --- source.yml
    yaml_case("unknown table", source(lambda made: made["tables"].update(episode=made["tables"]["episodes"])),
              "source.yml", '"episode" is not a table of the contract (did you mean "episodes"?)'),
    yaml_case("no table of sites", source(lambda made: made["tables"].pop("sites")), "source.yml", "sites is missing"),
    yaml_case("unknown column", columns(dispositoin={"from": "Outcome"}),
              "tables.episodes.columns", '"dispositoin" is not a column that can be mapped (did you mean "disposition"?)'),
    yaml_case("unknown code", columns(disposition={"from": "Outcome", "codes": {"comunity": ["Home"]}}),
              "tables.episodes.columns.disposition", '"comunity" is not a code of this column (did you mean "community"?)', "Codes:"),
    yaml_case("one spelling under two codes", columns(disposition={"from": "Outcome", "codes": {"community": ["Home"], "other": ["HOME "]}}),
              "tables.episodes.columns.disposition", "under both community and other, which is ambiguous", "Leave it under one"),
    yaml_case("unknown key", episodes(sheets="Data"), "source.yml", '"tables.episodes.sheets" is not a key used here (did you mean "sheet"?)'),
    yaml_case("covers in the wrong order", source(lambda made: made.update(covers={"from": "2025-12-31", "to": "2025-01-01"})),
              "source.yml: covers", "ends on 2025-01-01, before it starts on 2025-12-31"),
    yaml_case("unknown time zone", source(lambda made: made.update(time_zone="America/Denvr")),
              "source.yml: time_zone", 'not a time zone (did you mean "America/Denver"?)', "found 'America/Denvr'"),
    yaml_case("a continent for a time zone", source(lambda made: made.update(time_zone="America")), "time_zone", "is not a time zone"),
    yaml_case("unknown encoding", episodes(encoding="utf-9"), "tables.episodes.encoding", "not an encoding of text", "found 'utf-9'"),
    yaml_case("a delimiter of two characters", episodes(delimiter="||"), "tables.episodes.delimiter", "must be one character"),
    yaml_case("a format that is none", columns(requested_at={"from": "Called", "format": "%Q"}),
              "columns.requested_at.format", '"%Q" is not a date format', "%m/%d/%Y %H:%M"),
    yaml_case("a format without a year", columns(requested_at={"from": "Called", "format": "%m/%d %H:%M"}),
              "columns.requested_at.format", "names no year"),
    yaml_case("a file outside data/raw", episodes(files="../../secrets.csv"), "tables.episodes.files", "must be a name or pattern below"),
    yaml_case("an absolute path", episodes(files="/tmp/episodes.csv"), "tables.episodes.files", "must be a name or pattern below"),
    yaml_case("a pattern that is none", episodes(files="a**b.csv"), "tables.episodes.files", "** stands for whole folders"),
    yaml_case("a spelling that YAML reads as a number", columns(disposition={"from": "Outcome", "codes": {"community": [1]}}),
              "columns.disposition.codes", "needs quotes: YAML reads 1 as a number"),
    yaml_case("NULL without quotes", source(lambda made: made.update(missing=[None])), "source.yml: missing", 'write "NULL"'),
    yaml_case("a spelling that YAML reads as false", columns(disposition={"from": "Outcome", "codes": {"community": [False]}}),
              "columns.disposition.codes", "needs quotes: YAML reads Yes, No, On and Off as true or false"),
    yaml_case("no clock", source(lambda made: [made["tables"]["episodes"]["columns"].pop(clock) for clock in ("requested_at", "dispatched_at", "arrived_at")]),
              "tables.episodes.columns", "no clock is mapped", "Map requested_at"),
    yaml_case("both rows and columns", source(lambda made: made["tables"]["sites"].update(columns={"name": {"from": "Name"}})),
              "tables.sites", '"columns" belongs to "files"'),
    yaml_case("a tab in YAML", "covers:\n\tfrom: 2025-01-01\n", "source.yml, line 2", "Correct the YAML there"),
    yaml_case("a wrong indent in YAML", "covers:\n  from: 2025-01-01\n to: 2025-12-31\n", "source.yml, line 3", "Correct the YAML there"),
    yaml_case("a key written twice", "time_zone: America/Denver\ntime_zone: America/Phoenix\n", "source.yml, line 2", '"time_zone" stands twice'),
    yaml_case("not filled in", yaml.safe_dump({**SOURCE, "time_zone": "FILL IN"}), "params/state/source.yml is not filled in yet", "time_zone (line"),
]  # fmt: skip


def write(case: Case, root: Path) -> None:
    """The case's study and raw files below `root`."""
    folder, raw = root / "params" / "state", root / "data" / "raw" / "state"
    folder.mkdir(parents=True)
    (folder / "study.yml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    made = (
        case.source
        if isinstance(case.source, str)
        else yaml.safe_dump(case.source, allow_unicode=True, sort_keys=False)
    )
    (folder / "source.yml").write_text(made, encoding="utf-8")
    for name, content in case.files.items():
        raw.mkdir(parents=True, exist_ok=True)
        if content is None:
            (raw / name).mkdir()
        else:
            (raw / name).write_bytes(content)


def read(root: Path) -> tuple:
    extract = read_extract(params.study("state", root=root), root=root)
    return extract, write_tables(extract, root=root)


def everything_written(folder: Path) -> str:
    """Every file as text, Parquet by its values."""
    said = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            said.append(pd.read_parquet(path).to_csv())
        elif path.is_file():
            said.append(path.read_text(encoding="utf-8"))
    return "\n".join(said)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_damaged_extract_ends_in_a_sentence_or_in_counted_rows(case: Case, tmp_path: Path):
    write(case, tmp_path)
    if case.says:
        with pytest.raises((IntakeError, params.ParamsError)) as refused:
            read(tmp_path)
        sentence = str(refused.value)
        assert [word for word in case.says if word not in sentence] == [], sentence
        assert [identifier for identifier in IDENTIFIERS if identifier in sentence] == []
        return
    extract, folder = read(tmp_path)
    receipts = extract.receipts[extract.receipts["table"].eq("episodes")]
    assert sorted(receipts["file"]) == sorted(name for name in case.files if name != "population.csv")
    read_rows, accepted, rejected, set_aside = receipts[["rows_read", "accepted", "rejected", "set_aside"]].sum()
    assert (read_rows, accepted, rejected, set_aside) == case.counts
    assert read_rows == accepted + rejected + set_aside
    assert len(pd.read_parquet(folder / "episodes.parquet")) == accepted
    assert Counter(pd.read_parquet(folder / "rejected" / "episodes.parquet")["reason"]) == case.reasons
    problems = pd.read_csv(folder / "problems.csv").groupby("problem")["raw"].sum()
    assert {problem: int(problems.get(problem, 0)) for problem in case.problems} == case.problems
    listed = pd.read_csv(folder / "unmapped.csv", keep_default_na=False)
    assert dict(zip(listed["value"], listed["rows"], strict=True)) == case.unmapped
    assert [identifier for identifier in IDENTIFIERS if identifier in everything_written(folder)] == []


def test_every_case_has_its_own_name():
    assert [name for name, cases in Counter(case.name for case in CASES).items() if cases > 1] == []
    assert len(CASES) >= 50


# --- tables beside the episodes --------------------------------------------------------------------------------------

CONTACTS = [["K-1", "EP-700", "2025-03-14", "Kept"], ["K-2", "EP-701", "2025-03-16", "Missed"], ["K-3", "EP-702", "2025-03-17", "Kept"]]  # fmt: skip
CONTACTS_HEADER = ["No", "ID", "Day", "Came"]
SCORES = [["EP-700", "ohio_problems", "worker", "intake", "2025-03-14", "40"], ["EP-700", "ohio_problems", "worker", "discharge", "2025-04-14", "31"]]  # fmt: skip
SCORES_HEADER = ["ID", "Form", "By", "When", "Day", "Total"]
NO_EPISODE = "episode_id is not among the accepted rows of episodes"


def beside(name: str, columns: dict[str, str], **formats: str) -> dict:
    """The source with one table beside the episodes, from <name>.csv."""
    mapped = {
        column: {"from": header} | ({"format": formats[column]} if column in formats else {})
        for column, header in columns.items()
    }
    return source(lambda made: made["tables"].update({name: {"files": f"{name}.csv", "columns": mapped}}))


def contacts(**formats: str) -> dict:
    names = ("contact_id", "episode_id", "contacted_on", "result")
    return beside("contacts", dict(zip(names, CONTACTS_HEADER, strict=True)), **formats)


def scores() -> dict:
    names = ("episode_id", "scale", "rater", "occasion", "rated_on", "score")
    return beside("scales", dict(zip(names, SCORES_HEADER, strict=True)))


def with_contact(row: int, column: str, value: str) -> str:
    rows = copy.deepcopy(CONTACTS)
    rows[row][CONTACTS_HEADER.index(column)] = value
    return text(rows, header=CONTACTS_HEADER)


def with_score(row: int, column: str, value: str) -> str:
    rows = copy.deepcopy(SCORES)
    rows[row][SCORES_HEADER.index(column)] = value
    return text(rows, header=SCORES_HEADER)


def case_beside(table: str, name: str, content: str | None, made: dict, **rest: object) -> Case:
    files = {"episodes.csv": text().encode()} | ({} if content is None else {f"{table}.csv": content.encode()})
    return Case(f"{table}: {name}", files, made, **rest)


EXACT = text(CONTACTS, header=CONTACTS_HEADER)
SURVEYS = {"survey_id": "No", "site_id": "Site", "episode_id": "ID", "respondent": "Who", "sent_on": "Sent", "answered_on": "Back"}  # fmt: skip
STAFF = {"staff_id": "No", "site_id": "Site", "hired_on": "From", "left_on": "To"}
HOURS = {"site_id": "Site", "from_on": "From", "weekday": "Day", "from_hour": "Opens", "to_hour": "Closes"}
BESIDE = [
    case_beside("contacts", "no file", None, contacts(), says=("tables.contacts.files", '"contacts.csv" matches no file', "Copy the extract")),
    case_beside("contacts", "an empty file", "", contacts(), says=("contacts.csv", "the file is empty", "Ask the sender")),
    case_beside("contacts", "a column lacks", text([row[:3] for row in CONTACTS], header=CONTACTS_HEADER[:3]), contacts(),
                says=("contacts.csv", 'lacks the column "Came"', "Correct the mapping")),
    case_beside("contacts", "a required column that is not mapped", EXACT, beside("contacts", {"contact_id": "No", "contacted_on": "Day"}),
                says=("tables.contacts.columns", "episode_id is missing; every row needs it")),
    case_beside("contacts", "dates of another form", EXACT, contacts(contacted_on="%m/%d/%Y"),
                says=("contacts.csv", "3 of 3 values of contacted_on", '"%m/%d/%Y"', "Correct its format")),
    case_beside("contacts", "nothing wrong", EXACT, contacts(), counts=(3, 3, 0, 0)),
    case_beside("contacts", "only a header", text([], header=CONTACTS_HEADER), contacts(), counts=(0, 0, 0, 0)),
    case_beside("contacts", "an episode that nobody has", with_contact(0, "ID", "EP-7999"), contacts(), counts=(3, 2, 1, 0), reasons={NO_EPISODE: 1}),
    case_beside("contacts", "no episode", with_contact(0, "ID", ""), contacts(), counts=(3, 2, 1, 0), reasons={"episode_id is missing": 1}),
    case_beside("contacts", "an episode in other letters", with_contact(0, "ID", "ep-70 0"), contacts(), counts=(3, 3, 0, 0),
                problems={"episode_id in other capitals or blanks than in episodes": 1}),
    case_beside("contacts", "the same row again", text([*CONTACTS, CONTACTS[0]], header=CONTACTS_HEADER), contacts(), counts=(4, 3, 0, 1),
                reasons={"the same row again, with the same contact_id": 1}),
    # EP-700 was called in on 13 March.
    case_beside("contacts", "the day before its episode", with_contact(0, "Day", "2025-03-12"), contacts(), counts=(3, 3, 0, 0)),
    case_beside("contacts", "two days before its episode", with_contact(0, "Day", "2025-03-11"), contacts(), counts=(3, 2, 1, 0),
                reasons={"contacted_on comes before its episode": 1}),
    # The extract ends on 31 December 2025; 56 days on is 25 February.
    case_beside("contacts", "eight weeks after the extract", with_contact(0, "Day", "2026-02-25"), contacts(), counts=(3, 3, 0, 0)),
    case_beside("contacts", "a day later than that", with_contact(0, "Day", "2026-02-26"), contacts(), counts=(3, 2, 1, 0),
                reasons={"contacted_on outside the days that the extract covers": 1}),
    Case("contacts: of an episode that was rejected", {"episodes.csv": with_value(0, "Age", "34").encode(), "contacts.csv": EXACT.encode()},
         contacts(), counts=(3, 2, 1, 0), reasons={NO_EPISODE: 1}),
    case_beside("scales", "nothing wrong", text(SCORES, header=SCORES_HEADER), scores(), counts=(2, 2, 0, 0)),
    case_beside("scales", "the highest score", with_score(0, "Total", "100"), scores(), counts=(2, 2, 0, 0)),
    case_beside("scales", "one above the highest score", with_score(0, "Total", "101"), scores(), counts=(2, 1, 1, 0),
                reasons={"score outside the range of its scale": 1}),
    case_beside("scales", "999 for not rated", with_score(0, "Total", "999"), scores(), counts=(2, 1, 1, 0),
                reasons={"score is not a number of at least 0 and at most 300": 1}),
    case_beside("scales", "discharge before intake", with_score(1, "Day", "2025-03-13"), scores(), counts=(2, 1, 1, 0),
                reasons={"rated_on of the discharge comes before that of the intake": 1}),
    case_beside("scales", "a rating before the episode", with_score(0, "Day", "2025-01-14"), scores(), counts=(2, 2, 0, 0),
                problems={"a day before its episode, treated as missing": 1}),
    case_beside("satisfaction", "of no episode", text([["S1", "north", "EP-7999", "family", "2025-04-01", ""], ["S2", "north", "", "family", "2025-04-01", ""]], header=list(SURVEYS.values())),
                beside("satisfaction", SURVEYS), counts=(2, 2, 0, 0), problems={f"{NO_EPISODE}; the row is kept without it": 1}),
    case_beside("satisfaction", "answered before it was sent", text([["S1", "north", "EP-700", "family", "2025-04-02", "2025-04-01"]], header=list(SURVEYS.values())),
                beside("satisfaction", SURVEYS), counts=(1, 0, 1, 0), reasons={"answered_on comes before sent_on": 1}),
    # The history of staff may be older than the extract.
    case_beside("staff", "hired before the extract, and one gone before coming", text([["P1", "north", "2019-01-01", ""], ["P2", "north", "2025-02-01", "2025-01-01"]], header=list(STAFF.values())),
                beside("staff", STAFF), counts=(2, 1, 1, 0), reasons={"left_on comes before hired_on": 1}),
    case_beside("training", "of a study without staff", text([["P1", "trauma", "2020-02-01", "5"]], header=["No", "Course", "Day", "Hours"]),
                beside("training", {"staff_id": "No", "module": "Course", "completed_on": "Day", "hours": "Hours"}), counts=(1, 1, 0, 0),
                problems={"staff_id cannot be looked up: this study has no table staff": 1}),
    case_beside("site_hours", "past midnight in one row", text([["north", "2019-01-01", "monday", "20", "2"], ["north", "2019-01-01", "monday", "8", "24"]], header=list(HOURS.values())),
                beside("site_hours", HOURS), counts=(2, 1, 1, 0), reasons={"to_hour is not after from_hour (hours past midnight are a row of the next day)": 1}),
    case_beside("staffing", "more filled than funded", text([["north", "2025-01-01", "3", "4"]], header=["Site", "Month", "All", "Filled"]),
                beside("staffing", {"site_id": "Site", "month_on": "Month", "funded": "All", "filled": "Filled"}), counts=(1, 1, 0, 0),
                problems={"more positions filled than funded": 1}),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in BESIDE])
def test_a_damaged_table_beside_the_episodes_ends_in_a_sentence_or_in_counted_rows(case: Case, tmp_path: Path):
    write(case, tmp_path)
    table = case.name.split(":")[0]
    if case.says:
        with pytest.raises((IntakeError, params.ParamsError)) as refused:
            read(tmp_path)
        assert [word for word in case.says if word not in str(refused.value)] == [], str(refused.value)
        return
    extract, folder = read(tmp_path)
    receipts = extract.receipts[extract.receipts["table"].eq(table)]
    assert tuple(receipts[["rows_read", "accepted", "rejected", "set_aside"]].iloc[0]) == case.counts
    assert len(pd.read_parquet(folder / f"{table}.parquet")) == case.counts[1]
    assert Counter(pd.read_parquet(folder / "rejected" / f"{table}.parquet")["reason"]) == case.reasons
    problems = pd.read_csv(folder / "problems.csv").groupby("problem")["raw"].sum()
    assert {problem: int(problems.get(problem, 0)) for problem in case.problems} == case.problems
    assert [identifier for identifier in IDENTIFIERS if identifier in everything_written(folder)] == []


def test_days_of_an_episode_that_lie_before_it_are_blanked_and_the_episode_stays(tmp_path: Path):
    days = [
        "2025-03-12",
        "2025-03-12",
        "2025-03-15",
        "",
        "",
        "",
    ]  # called in on 13, 14, 15 March: one, two, no days before
    rows = [[*row, day] for row, day in zip(ROWS, days, strict=True)]
    made = columns(enrolled_on={"from": "In Care"})
    write(Case("", {"episodes.csv": text(rows, header=[*HEADER, "In Care"]).encode()}, made), tmp_path)
    _, folder = read(tmp_path)
    kept = pd.read_parquet(folder / "episodes.parquet")["enrolled_on"]
    assert kept.notna().tolist() == [True, False, True, False, False, False]
