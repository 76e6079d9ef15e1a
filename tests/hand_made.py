"""Hand-made children (tests/children/*.yml) as the tables that intake would give; tests/children/README.md says how to read them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

from analysis.tables import LIVING_SITUATIONS

FOLDER = Path(__file__).parent / "children"
RECORDS_END = pd.Timestamp("2026-06-30")
DAY = re.compile(r"day (-?\d+)(?: to (-?\d+)| (on))?")
DIAGNOSIS = re.compile(r"^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]+)?$")
SITE_COUNTIES = pd.DataFrame(
    [
        ("site-01", "35001", "2023-01-01", 1.0),
        ("site-01", "35003", "2024-02-01", 1.0),
        ("site-02", "35005", "2024-01-31", 1.0),
        ("site-02", "35007", "2023-01-01", 0.4),
        ("site-03", "35007", "2023-06-01", 0.6),
        ("site-03", "35009", "2022-01-01", 1.0),
    ],
    columns=["site_id", "county_fips", "from_on", "share"],
)
FACILITY = {"revenue_code": "0450", "procedure_code": "99284", "bill_type": "131", "file_type": "other"}
# An event's first words -> what stands on the line of the claim.
CLAIM_KINDS = {
    "ed physician": {"procedure_code": "99284", "place_of_service": "23", "file_type": "other"},
    "ed": FACILITY,
    "observation": {"revenue_code": "0762", "procedure_code": "G0378", "bill_type": "131", "file_type": "other"},
    "hospital through ed": {**FACILITY, "bill_type": "111", "file_type": "inpatient"},
    "hospital": {"revenue_code": "0124", "bill_type": "111", "file_type": "inpatient"},
    "residential": {"revenue_code": "1001", "bill_type": "861", "file_type": "long_term"},
    "clinic": {"procedure_code": "90834", "place_of_service": "11", "file_type": "other"},
    "crisis": {"procedure_code": "H2011", "place_of_service": "12", "file_type": "other"},
    "revenue 450": {"revenue_code": "450", "bill_type": "131", "file_type": "other"},
    "line 99284 at 11": {"procedure_code": "99284", "place_of_service": "11", "file_type": "other"},
    "line 99213 at 23": {"procedure_code": "99213", "place_of_service": "23", "file_type": "other"},
}
MOBILE = {
    "mobile called by ed": {"response_mode": "mobile", "referral_source": "emergency_department", "sent": True},
    "mobile not found": {"response_mode": "none", "referral_source": "family", "sent": True},
    "mobile": {"response_mode": "mobile", "referral_source": "family", "sent": True},
    "phone": {"response_mode": "phone", "referral_source": "family", "sent": False},
}
EXPECTED = {"left_out", "cohort", "follow_up", "months", "ed_visits", "stays", "removals", "nights_away"}
SAID = {
    "child",
    "why",
    "events",
    "born",
    "born_month",
    "day_0",
    "county",
    "unknown",
    "enrolled",
    "not_enrolled",
    "part_months",
}


@dataclass(frozen=True)
class Child:
    """A child of the files: its number, its day 0, what happened and what is expected."""

    number: int
    name: str
    said: dict = field(repr=False)

    @property
    def day_0(self) -> pd.Timestamp:
        return pd.Timestamp(str(self.said.get("day_0", "2024-03-01")))

    def on(self, day: int) -> pd.Timestamp:
        """The calendar day so many days after day 0."""
        return self.day_0 + pd.Timedelta(days=day)


def read_children() -> list[Child]:
    """Every child of every file, numbered in order."""
    said = [
        child for path in sorted(FOLDER.glob("*.yml")) for child in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    for child in said:
        unknown = set(child) - SAID - EXPECTED
        assert not unknown, f"{child['child']}: {unknown}"
        assert set(child) & EXPECTED, f"{child['child']} expects nothing"
    return [Child(number, child["child"], child) for number, child in enumerate(said, start=1)]


def tables_of(children: list[Child]) -> dict[str, pd.DataFrame]:
    """The tables at rest: children, enrollment, episodes, claims, placements, detentions, site_counties."""
    rows: dict[str, list[dict]] = {
        name: [] for name in ("children", "enrollment", "episodes", "claims", "placements", "detentions")
    }
    for child in children:
        if not child.said.get("unknown"):
            rows["children"].append(_child_row(child))
        rows["enrollment"] += _months(child)
        for event in child.said["events"]:
            ((when, what),) = event.items()
            _add_event(rows, child, when, str(what))
    for number, claim in enumerate(rows["claims"], start=1):
        claim |= {"claim_id": number, "line": 1}
    tables = {name: pd.DataFrame(each) for name, each in rows.items()}
    return {**tables, "episodes": _episodes(tables["episodes"]), "site_counties": SITE_COUNTIES}


def _child_row(child: Child) -> dict:
    died = [_span(child, when)[0] for event in child.said["events"] for when, what in event.items() if what == "died"]
    month = child.said.get("born_month")
    return {
        "child_id": child.number,
        "born_on": None if month else str(child.said.get("born", "2010-05-15")),
        "born_month_on": f"{month}-01" if month else None,
        "died_on": died[0] if died else None,
        "sex": "female",
        "race_ethnicity": "hispanic",
    }


def _months(child: Child) -> list[dict]:
    first, last = str(child.said.get("enrolled", "2022-01 to 2026-06")).split(" to ")
    missing = {str(month) for month in child.said.get("not_enrolled", [])}
    part = {str(month): days for month, days in child.said.get("part_months", {}).items()}
    months = [month for month in pd.period_range(first, last, freq="M") if str(month) not in missing]
    return [
        {
            "child_id": child.number,
            "month_on": month.start_time,
            "days": part.get(str(month), month.days_in_month),
            "county_fips": child.said.get("county", "35001"),
            "eligibility_group": "child",
        }
        for month in months
    ]


def _span(child: Child, when: str) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    first, last, lasts = DAY.fullmatch(when).groups()
    return child.on(int(first)), None if lasts else child.on(int(last or first))


def _add_event(rows: dict[str, list[dict]], child: Child, when: str, what: str) -> None:
    from_on, to_on = _span(child, when)
    paid, equivalent = _dollars(what)
    words = re.sub(r"\$\S+", "", what).split()
    plain = " ".join(word for word in words if not DIAGNOSIS.match(word))
    who = {"child_id": child.number}
    if plain in MOBILE:
        rows["episodes"].append(who | MOBILE[plain] | {"counted_on": from_on})
    elif plain in CLAIM_KINDS:
        found = [word for word in words if DIAGNOSIS.match(word)]
        first, second = [*found, None, None][:2]
        days = {"service_from_on": from_on, "service_to_on": to_on, "diagnosis_1": first, "diagnosis_2": second}
        rows["claims"].append(who | days | {"paid_usd": paid, "ffs_equivalent_usd": equivalent} | CLAIM_KINDS[plain])
    elif plain == "detained":
        rows["detentions"].append(who | {"booked_on": from_on, "released_on": to_on})
    elif words[0] == "placed" and words[1] in LIVING_SITUATIONS:
        removed = child.on(int(words[4])) if words[2:4] == ["removed", "on"] else None
        span = {"removed_on": removed, "from_on": from_on, "to_on": to_on, "setting": words[1], "daily_rate_usd": paid}
        rows["placements"].append(who | span)
    else:
        assert what == "died", f"{child.name}: {what}"


def _dollars(what: str) -> tuple[float | None, float | None]:
    found = re.search(r"\$(\d+)(?:/(\d+))?", what)
    return (float(found[1]), float(found[2]) if found[2] else None) if found else (None, None)


def _episodes(episodes: pd.DataFrame) -> pd.DataFrame:
    clock = episodes["counted_on"].where(episodes.pop("sent")).dt.tz_localize("America/Denver") + pd.Timedelta(hours=20)
    return episodes.assign(dispatched_at=clock, response_location=None)
