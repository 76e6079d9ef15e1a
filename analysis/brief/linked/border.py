"""The counties whose children are often seen across the state's border, where claims of the visit may be missing."""

from pathlib import Path

from pydantic import Field

from analysis.params import ROOT, Record, Words
from analysis.savings.sheets import read_lines, replaced

BORDER_COUNTIES = "border_counties.csv"


class BorderCounty(Record):
    """One county, where its children go, and who says so."""

    county_fips: Words = Field(pattern=r"^\d{5}$")
    children_go_to: Words
    source: Words
    file: str
    line: int
    own: bool


def read_border_counties(study: str, *, root: Path = ROOT) -> tuple[str, ...]:
    """The FIPS codes of params/<study>/border_counties.csv, in its order; none where the study has no such file.

    >>> read_border_counties("demo"), read_border_counties("lane_county")
    (('35013', '35025', '35045'), ())
    """
    path = root / "params" / study / BORDER_COUNTIES
    lines = read_lines(path, BorderCounty, own=True) if path.is_file() else ()
    return tuple(line.county_fips for line in replaced(lines, (), key=lambda line: line.county_fips))
