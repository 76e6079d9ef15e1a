"""What intake found: each problem as counted raw, once partial times are no times, and in what was kept."""

import pandas as pd

from analysis.intake.clocks import localized, order_faults
from analysis.tables import CLOCK_WORDS, COPY_NEEDS_CLOCKS, Column

COLUMNS = ["table", "problem", "where", "raw", "without_partial", "left"]


class Findings:
    """A growing list of problems of one table; `frame` and `unmapped_values` give them as tables."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._problems: list[tuple] = []
        self._unmapped: list[tuple] = []

    def add(
        self, problem: str, where: str, *, raw: int, without_partial: int | None = None, left: int | None = None
    ) -> None:
        """One line: rows with the problem as counted raw, once midnights are blanked, and still there after the rules."""
        self._problems.append((self.table, problem, where, raw, without_partial, left))

    def unreadable(self, column: Column, rows: int) -> None:
        """Values that are there but not of the column's kind: missing from here on."""
        if rows:
            self.add("not readable, treated as missing", column.name, raw=rows, left=0)

    def spellings(self, column: Column, written: pd.Series, coded: pd.Series) -> None:
        """How many spellings stood for how many codes."""
        different, codes = written.nunique(), coded.nunique()
        if different:
            self.add("spellings in the file; codes they stand for", column.name, raw=different, left=codes)

    def unmapped(self, column: Column, rows_by_spelling: pd.Series) -> None:
        """Spellings that no code stands for; the rows keep a missing value."""
        if len(rows_by_spelling):
            self.add("rows whose spelling no code stands for", column.name, raw=int(rows_by_spelling.sum()), left=0)
            self._unmapped += [(self.table, column.name, value, rows) for value, rows in rows_by_spelling.items()]

    def columns(self, file: str, names: list[str]) -> None:
        """Columns of a file that nothing is mapped to."""
        for name in names:
            self.add("column of the file that nothing is mapped to", f"{file}: {name}", raw=1, left=1)

    def exchanged(self, column: Column, rows: int) -> None:
        """Dates that can be read only with day and month exchanged: where the day is 12 or less, nobody would notice."""
        if rows:
            problem = "readable only with day and month exchanged; others of that kind may be misread"
            self.add(problem, column.name, raw=rows, left=0)

    def clocks(
        self, times: pd.DataFrame, kept: pd.DataFrame, notes: pd.DataFrame, partial: dict[str, bool], time_zone: str
    ) -> None:
        """Clocks that are missing, bare dates, impossible; and pairs in an impossible order.

        Orders are held in the time zone: in the hour that comes twice in autumn, 1:50 comes before 1:20.
        """
        for clock in times.columns:
            words = CLOCK_WORDS[clock]
            note = notes[clock]
            bare = int(times[clock].eq(times[clock].dt.normalize()).sum())
            self.add(f"{words} time missing", clock, raw=int(note.eq("missing").sum()))
            if bare or partial[clock]:
                kind = "date without a time (exactly midnight)"
                expected = "" if partial[clock] else ", not declared as partial"
                self.add(f"{words}: {kind}{expected}", clock, raw=bare, without_partial=0, left=0)
            for fault, said in (
                ("unreadable", "not a date in the declared form"),
                ("impossible_date", "outside the days covered"),
            ):
                if rows := int(note.eq(fault).sum()):
                    self.add(f"{words}: {said}", clock, raw=rows, left=0)
        real = times.where(~times.eq(times.apply(lambda column: column.dt.normalize())))
        raw, without_partial, left = (
            order_faults(shown)
            for shown in (localized(times, time_zone=time_zone), localized(real, time_zone=time_zone), kept)
        )
        for fault, rows in raw.items():
            self.add(fault, "clocks", raw=rows, without_partial=without_partial[fault], left=left[fault])

    def copies(self, found: pd.DataFrame, aside: pd.Series, has_clock: pd.Series) -> None:
        """Rows that repeat an earlier one under another id."""
        later, kept = int(found["later"].sum()), int((found["later"] & ~aside).sum())
        self.add("later copies of a row under another id", "rows", raw=later, left=kept)
        self.add("rows in all that have such a copy", "rows", raw=int(found["in_group"].sum()))
        self.add(
            "of the later copies, those without any clock time", "rows", raw=int((found["later"] & ~has_clock).sum())
        )
        self.add(
            f"copies set aside ({COPY_NEEDS_CLOCKS} or more clock times agree)", "rows", raw=int(aside.sum()), left=0
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row per problem: table, problem, where, raw, without_partial, left."""
        counts = dict.fromkeys(COLUMNS[3:], "Int64")
        frame = pd.DataFrame(self._problems, columns=COLUMNS).astype(counts)
        return _summed(frame, COLUMNS[:3])

    @property
    def unmapped_values(self) -> pd.DataFrame:
        """One row per spelling that no code stands for: table, column, value, rows."""
        frame = pd.DataFrame(self._unmapped, columns=["table", "column", "value", "rows"])
        return _summed(frame, ["table", "column", "value"])


def _summed(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One line each, where the parts of a table, or the places of a column, have found the same."""
    if not frame.duplicated(key).any():
        return frame
    return frame.groupby(key, sort=False, dropna=False).sum(min_count=1).reset_index()[list(frame)]
