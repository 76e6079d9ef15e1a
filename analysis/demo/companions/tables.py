"""All tables beside the episodes, and what is true of them."""

import pandas as pd

from analysis.demo.companions.calls import make_calls
from analysis.demo.companions.care import find_care
from analysis.demo.companions.contacts import count_follow_ups, make_contacts
from analysis.demo.companions.hours import make_hours
from analysis.demo.companions.outreach import make_outreach
from analysis.demo.companions.readiness import make_readiness
from analysis.demo.companions.referrals import make_referrals
from analysis.demo.companions.satisfaction import make_surveys
from analysis.demo.companions.scales import make_ratings
from analysis.demo.companions.staff import make_staff
from analysis.demo.scenario import Scenario
from analysis.tables import CLOCKS_RUN_ON_DAYS


def make_companions(
    episodes: pd.DataFrame, outcomes: pd.DataFrame, kept_on_phone: pd.DataFrame, sites: pd.DataFrame,
    site_counties: pd.DataFrame, children: pd.Series, scenario: Scenario,
) -> tuple[dict[str, pd.DataFrame], dict]:  # fmt: skip
    """Every table beside the episodes by name, clean and with the contract's columns, and their truth.

    `children` in each site's care by site_id. The truth names the known changes, and what nobody who reads the tables can know.
    """
    care = find_care(episodes, outcomes, scenario)
    contacts = make_contacts(care, scenario)
    ratings, true_changes = make_ratings(care, scenario)
    staff, training, staffing = make_staff(sites, children, scenario)
    tables = {
        "contacts": contacts,
        "scales": ratings,
        "referrals": make_referrals(care, scenario),
        "calls": make_calls(episodes, kept_on_phone, site_counties, scenario),
        "staff": staff,
        "training": training,
        "outreach": make_outreach(sites, scenario),
        "readiness": make_readiness(sites, scenario),
        "satisfaction": make_surveys(care, scenario),
        "site_hours": make_hours(sites, scenario),
        "staffing": staffing,
    }
    truth = {
        "rows": {name: len(table) for name, table in tables.items()},
        "known_changes": _known_changes(scenario),
        "followed_up_within_three_days": count_follow_ups(care, contacts),
        "scales": true_changes,
        "past_the_eight_weeks": _count_unclosed(care, scenario),
    }
    return tables, truth


def _known_changes(scenario: Scenario) -> list[dict]:
    parts = scenario.companions
    changes = [
        {"table": "episodes", "column": change.column, "site_id": change.site_id, "from": str(change.from_on),
         "share_before": getattr(scenario.first_response, change.column).by_site.get(
             change.site_id, getattr(scenario.first_response, change.column).ordinary),
         "share_after": change.share}
        for change in scenario.first_response.changes
    ]  # fmt: skip
    changes += [
        {"table": "outreach", "site_id": stop.site_id, "from": str(stop.from_on)} for stop in parts.outreach.stopped
    ]
    changes += [
        {"table": "site_hours", "site_id": site_id, "from": str(span.from_on)}
        for site_id, spans in parts.hours.by_site.items()
        for span in spans
        if span.from_on is not None
    ]
    return changes


def _count_unclosed(care: pd.DataFrame, scenario: Scenario) -> int:
    """Stays without a discharge that began more than eight weeks before the extract's end."""
    open_days = (pd.Timestamp(scenario.covers.to_on) - care["from_on"]).dt.days
    return int((care["discharged_on"].isna() & open_days.gt(CLOCKS_RUN_ON_DAYS)).sum())
