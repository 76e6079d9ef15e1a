"""A published planning tree for people of all ages: how many crises, and where they would go. Not measured, and not of children."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.savings.assumptions import Assumption, one_assumption

LABEL = "planning assumption for people of all ages, not measured here"
PER_PEOPLE = 100_000
BRANCHES = (
    "crisis_events_a_month", "crisis_to_mobile", "crisis_to_facility", "crisis_to_ed",
    "mobile_to_facility", "facility_to_short_term_bed", "short_term_bed_to_inpatient", "ed_to_inpatient",
)  # fmt: skip


@dataclass(frozen=True)
class CrisisNeed:
    """Crises a month in a population and where the tree sends them, as expected counts; `facility` includes those whom a
    mobile team brings, `inpatient` those from a short-term bed and from the emergency department."""

    events: float
    mobile: float
    facility_direct: float
    ed: float
    mobile_to_facility: float
    facility: float
    short_term_bed: float
    inpatient: float
    label: str = LABEL


def expected_need(people: float, assumptions: Iterable[Assumption]) -> CrisisNeed:
    """How many crises a month a population of `people` is expected to have by the published tree, and where they go.

    A check of capacity only: it knows no counterfactual, no repeat and no uncertainty. That the rate is per month is
    implied by its use, not said in the source. Crisis Now, as in the planning deck of Virginia's DBHDS.

    >>> from analysis.savings.assumptions import read_assumptions
    >>> need = expected_need(500_000, read_assumptions("demo"))
    >>> round(need.events), round(need.mobile), round(need.mobile_to_facility, 1)   # 5 x 230; 32% of them; 30% of those
    (1150, 368, 110.4)
    """
    assumptions = tuple(assumptions)
    rate = {item: one_assumption(assumptions, item).value for item in BRANCHES}
    events = people / PER_PEOPLE * rate["crisis_events_a_month"]
    mobile, direct, ed = (events * rate[item] for item in ("crisis_to_mobile", "crisis_to_facility", "crisis_to_ed"))
    brought = mobile * rate["mobile_to_facility"]
    facility = direct + brought
    bed = facility * rate["facility_to_short_term_bed"]
    inpatient = bed * rate["short_term_bed_to_inpatient"] + ed * rate["ed_to_inpatient"]
    return CrisisNeed(events, mobile, direct, ed, brought, facility, bed, inpatient)
