"""From the tables at rest to the derived ones, in order. Each step is worked out once and kept by the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.claim_codes import ClaimCodes
from analysis.cohort import ed, enrollment, follow, removals, stays
from analysis.cohort.attrition import count_steps
from analysis.cohort.baseline import YEAR_DAYS, baseline
from analysis.cohort.county_months import county_months, months_as_received
from analysis.cohort.crises import chain_crises, contacts, dispatches
from analysis.cohort.eligibility import age_years, describe
from analysis.cohort.engine import complete, day_number, from_frame, keep
from analysis.cohort.months import MONTH_DAYS, follow_up_months
from analysis.cohort.nights import nights_away
from analysis.cohort.target_trial import first_eligible, index_families, mark_index_visits, mark_steps
from analysis.params import Cohort
from analysis.tables import Column, Table

SOURCES = ("claims", "enrollment", "children", "placements", "detentions", "site_counties", "county_counts")
NEEDED = ("episodes", "claims", "enrollment", "children", "site_counties")  # without these there is no cohort
DERIVED_TABLES = (
    "ed_visits", "stays", "removals", "nights_away", "cohort", "follow_up", "follow_up_months", "county_months",
)  # fmt: skip
# What only this source can tell, by table.
FROM_SOURCE = {
    "placements": {
        "cohort": ("prior_placement_nights_365", "in_foster_care"),
        "follow_up": ("first_placement_day", "first_stricter_day"),
        "follow_up_months": ("placement_nights", "congregate_nights", "hold_nights", "placement_cost_usd"),
        "county_months": ("removals",),
    },
    "detentions": {
        "cohort": ("prior_detention_nights_365",),
        "follow_up": ("first_detention_day",),
        "follow_up_months": ("detention_nights",),
        "county_months": ("bookings",),
    },
}
DISPATCHES = Table(
    "dispatches",
    row="one episode in which a team went or was sent",
    key=("child_id", "contact_on", "contact"),
    columns=(
        Column("child_id", "key", "The child"),
        Column("contact_on", "day", "Day"),
        Column("contact", "text", "Kind"),
    ),
)
NUMBERS = Table(
    "numbers", row="one month after the index day", key=("month",), columns=(Column("month", "count", "From 0"),)
)


@dataclass(frozen=True)
class Build:
    """One build: the engine, the rules, and every step that has been worked out so far."""

    connection: ibis.BaseBackend
    rules: Cohort
    codes: ClaimCodes
    kept: dict[str, ir.Table] = field(default_factory=dict)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Work the step out and remember it."""
        self.kept[name] = keep(self.connection, name, expression)
        return self.kept[name]


def build(
    connection: ibis.BaseBackend,
    tables: Mapping[str, ir.Table],
    episodes: pd.DataFrame,
    rules: Cohort,
    codes: ClaimCodes,
) -> tuple[dict[str, ir.Table], pd.DataFrame]:
    """The derived tables by name, and the attrition. Takes the tables of SOURCES (one that is lacking is empty) and the episodes."""
    given = complete(connection, tables, SOURCES)
    run = Build(connection, rules, codes)
    _events(run, given)
    _crises(run, given, episodes)
    _cohort(run, given)
    _after(run, given)
    if "county_counts" in tables:
        run.keep("county_months", months_as_received(given["county_counts"], given["site_counties"]))
    else:
        _count_counties(run, given)
    attrition = count_steps(run.kept["marked"], run.kept["cohort"], rules)
    return {name: _blank(name, run.kept[name], tables) for name in DERIVED_TABLES}, attrition


def _blank(name: str, table: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    """The table with what an absent source would have told left empty: no record of a removal is not a record of none."""
    if name == "county_months" and "county_counts" in tables:
        return table
    unknown = [
        column for source, columns in FROM_SOURCE.items() if source not in tables for column in columns.get(name, ())
    ]
    return table.mutate(**{column: ibis.null(table[column].type()) for column in unknown})


def _events(run: Build, given: Mapping[str, ir.Table]) -> None:
    """Visits, stays, removals and nights of every child, whether or not in the study."""
    claims, rules, codes = given["claims"], run.rules, run.codes
    cut_on = day_number(rules.data_cut)
    visits = run.keep("visits", ed.merge_visits(run.keep("ed_lines", ed.keep_ed_lines(claims, codes)), rules, codes))
    billed = run.keep("billed", stays.bridge_stays(run.keep("stay_lines", stays.keep_stay_lines(claims, codes)), rules))
    run.keep("marked_visits", ed.mark_admissions(visits, billed, rules))
    boarding = stays.boarding_stays(visits, rules)
    run.keep(
        "stays", ibis.union(billed.select(boarding.columns), boarding.cast(billed.select(boarding.columns).schema()))
    )
    away = run.keep("away", removals.arrangements(given["placements"], cut_on=cut_on))
    run.keep("removals", removals.removals(away, rules))
    run.keep("placed", removals.placed_spans(away, run.kept["removals"]))
    run.keep("nights_away", nights_away(run.kept["stays"], run.kept["placed"], given["detentions"], cut_on=cut_on))


def _crises(run: Build, given: Mapping[str, ir.Table], episodes: pd.DataFrame) -> None:
    """Every crisis with what the rules ask of it; the first eligible one of each child."""
    sent = from_frame(run.connection, "dispatches", dispatches(episodes, run.rules), DISPATCHES)
    crises = run.keep("crises", chain_crises(contacts(sent, run.kept["marked_visits"], run.rules), run.rules))
    calendar = run.keep("calendar", enrollment.calendar(given["enrollment"]))
    first, last = day_number(run.rules.index_from), day_number(run.rules.index_to)
    met = crises.filter((crises.index_on >= first) & (crises.index_on <= last)).select("child_id").distinct()
    months = run.keep("months", enrollment.enrolled_months(given["enrollment"].semi_join(met, "child_id"), calendar))
    enrolled = run.keep("enrolled", enrollment.enrolled_spans(months))
    bridged = run.keep("bridged", enrollment.bridge_gaps(enrolled, run.rules))
    described = describe(
        crises, given["children"], enrolled, bridged, months, given["site_counties"], run.kept["stays"]
    )
    marked = run.keep("marked", mark_steps(described, run.rules))
    run.keep("chosen", first_eligible(marked, run.rules))


def _cohort(run: Build, given: Mapping[str, ir.Table]) -> None:
    """One row per child in the study, with what was known before."""
    chosen, rules, codes = run.kept["chosen"], run.rules, run.codes
    near = run.keep("near_claims", near_claims(given["claims"], chosen, rules))
    sources = {name: run.kept[name] for name in ("ed_lines", "stay_lines", "months")}
    sources |= {"near_claims": near, "placements": given["placements"], "detentions": given["detentions"]}
    before = run.keep("before", baseline(chosen, sources, rules, codes))
    families = index_families(near, chosen, codes)
    joined = chosen.join(families, "child_id").join(before, "child_id")
    run.keep(
        "cohort",
        joined.mutate(
            age_years=age_years(joined.index_on, joined.born_on).cast("float64"),
            in_common_band=joined.diagnosis_family.isin(rules.common_band),
        ),
    )
    run.keep("ed_visits", mark_index_visits(run.kept["marked_visits"], chosen, chain_days=rules.chain_days))


def near_claims(claims: ir.Table, chosen: ir.Table, rules: Cohort) -> ir.Table:
    """Lines of the children in the study that begin in the year before the index day or before the horizon, with `cost_usd`.

    An encounter that a plan was paid for by the head carries no amount: its fee-for-service equivalent stands for it.
    """
    index = chosen.select(index_child="child_id", index_on="index_on")
    joined = claims.join(index, claims.child_id == index.index_child)
    day = joined.service_from_on - joined.index_on
    near = joined.filter((day >= -YEAR_DAYS) & (day < rules.horizon_days))
    paid = near.paid_usd.nullif(0.0)
    further = [name for name in ("other_diagnoses",) if name in near.columns]
    return near.select(
        "child_id", "claim_id", "file_type", "service_from_on", "diagnosis_1", "diagnosis_2", *further,
        "revenue_code", "procedure_code", "place_of_service", "bill_type",
        service_to_on=near.service_to_on.fill_null(near.service_from_on),
        cost_usd=ibis.coalesce(paid, near.ffs_equivalent_usd, 0.0),
    )  # fmt: skip


def _after(run: Build, given: Mapping[str, ir.Table]) -> None:
    """What became of them."""
    rules, kept = run.rules, run.kept
    seen = run.keep("watched", follow.watched(kept["chosen"], rules))
    sources = {
        "visits": kept["ed_visits"],
        "stays": kept["stays"],
        "removals": kept["removals"],
        "detentions": given["detentions"],
    }
    run.keep("follow_up", follow.follow_up(seen, sources, rules))
    numbers = pd.DataFrame({"month": range(-(-rules.horizon_days // MONTH_DAYS))})
    months = {"visits": kept["ed_visits"], "nights": kept["nights_away"], "near_claims": kept["near_claims"]}
    months |= {"placed": kept["placed"], "enrolled": kept["enrolled"]}
    numbered = from_frame(run.connection, "numbers", numbers, NUMBERS)
    run.keep("follow_up_months", follow_up_months(seen, months, rules, run.codes, numbered))


def _count_counties(run: Build, given: Mapping[str, ir.Table]) -> None:
    """The counties by month, from the children's own records."""
    kept = run.kept
    counties = {"visits": kept["marked_visits"], "removals": kept["removals"], "detentions": given["detentions"]}
    counties |= {
        "site_counties": given["site_counties"],
        "enrollment": given["enrollment"],
        "calendar": kept["calendar"],
    }
    run.keep("county_months", county_months(counties, run.rules))
