"""Staff, their training, and the positions: one chain of people a position, with vacancies between them."""

from itertools import cycle, islice

import numpy as np
import pandas as pd

from analysis.demo.companions.care import numbered
from analysis.demo.draws import DAY, at_sites
from analysis.demo.scenario import Scenario
from analysis.tables import STAFF, STAFFING, TRAINING

PEERS = ("family_peer", "youth_peer", "adult_peer")


def make_staff(
    sites: pd.DataFrame, children: pd.Series, scenario: Scenario
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Staff, training and staffing: one row per person, per person and part, per site and month.

    `children` in each site's care, by site_id, decide how many positions it has. A person who left before the extract's end has
    a last day. Filled positions are the people employed on the month's last day (the extract's last day in its last month).
    """
    rng = scenario.stream("staff")
    positions = _count_positions(children, scenario)
    staff = _draw_people(sites, positions, scenario, rng)
    training = _draw_training(staff, scenario, rng)
    staff = staff.assign(certified_on=_draw_certified(staff, training, scenario, rng))
    training = training[["staff_id", "module", "completed_on", "hours"]].dropna(subset=["completed_on"])
    training = training.sort_values(["completed_on", "staff_id", "module"], kind="stable", ignore_index=True)
    return staff[STAFF.names], training[TRAINING.names], count_positions_filled(sites, positions, staff, scenario)


def count_positions_filled(
    sites: pd.DataFrame, positions: dict[str, int], staff: pd.DataFrame, scenario: Scenario
) -> pd.DataFrame:
    """The staffing table: one row per site and month from its opening to its closing (funded, filled)."""
    last, rows = pd.Timestamp(scenario.covers.to_on), []
    for site in sites.itertuples():
        hired, left = staff.loc[staff["site_id"].eq(site.site_id), ["hired_on", "left_on"]].to_numpy().T
        until = last if pd.isna(site.closed_on) else site.closed_on
        for month in pd.period_range(site.opened_on, until, freq="M"):
            day = min(month.end_time.normalize(), until).to_datetime64()
            there = (hired <= day) & ~(left < day)
            rows.append((site.site_id, month.start_time, float(positions[site.site_id]), float(there.sum())))
    return pd.DataFrame(rows, columns=STAFFING.names)


def _count_positions(children: pd.Series, scenario: Scenario) -> dict[str, int]:
    parts = scenario.companions.staff
    return {
        site_id: max(parts.positions_at_least, int(np.ceil(number / parts.children_a_position)))
        for site_id, number in children.items()
    }


def _draw_people(
    sites: pd.DataFrame, positions: dict[str, int], scenario: Scenario, rng: np.random.Generator
) -> pd.DataFrame:
    parts, last, people = scenario.companions.staff, pd.Timestamp(scenario.covers.to_on), []
    for site in sites.itertuples():
        until = last if pd.isna(site.closed_on) else site.closed_on
        vacancy = at_sites(parts.vacancy_days, pd.Series([site.site_id]))[0]
        for role in islice(cycle(parts.roles), positions[site.site_id]):
            role = "community_support" if site.site_id in parts.no_peers and role in PEERS else role
            hired = site.opened_on + int(rng.integers(-60, 31)) * DAY
            while hired <= until:
                left = hired + int(np.ceil(rng.exponential(parts.tenure_days))) * DAY
                closes = not pd.isna(site.closed_on) and left > until
                ends = until if closes else left if left <= last else pd.NaT
                people.append((site.site_id, role, hired, ends))
                hired = left + int(np.ceil(rng.exponential(vacancy))) * DAY
    staff = pd.DataFrame(people, columns=["site_id", "role", "hired_on", "left_on"])
    staff = staff.sort_values(["hired_on", "site_id", "role"], kind="stable", ignore_index=True)
    return numbered(staff, "staff_id", "P")


def _draw_training(staff: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """One row per person and part of the curriculum; completed_on is missing where it was skipped or not reached in time."""
    parts = scenario.companions.staff
    modules = list(parts.module_hours)
    each = staff.loc[staff.index.repeat(len(modules))].reset_index(drop=True)
    each["module"] = modules * len(staff)
    each["hours"] = each["module"].map(parts.module_hours)
    gaps = np.ceil(rng.exponential(parts.module_gap_days, len(each)))
    day = each["hired_on"] + pd.to_timedelta(pd.Series(gaps).groupby(each["staff_id"]).cumsum(), unit="D")
    skipped = rng.random(len(each)) < at_sites(parts.module_skipped, each["site_id"])
    end = each["left_on"].fillna(pd.Timestamp(scenario.covers.to_on))
    return each.assign(completed_on=day.where(~skipped & day.le(end)))


def _draw_certified(
    staff: pd.DataFrame, training: pd.DataFrame, scenario: Scenario, rng: np.random.Generator
) -> pd.Series:
    parts, rows = scenario.companions.staff, len(staff)
    by_person = training.groupby("staff_id")["completed_on"]
    done = staff["staff_id"].map(by_person.max()).where(
        staff["staff_id"].map(by_person.count()).eq(len(parts.module_hours))
    )  # fmt: skip
    after = rng.uniform(parts.certified_after.low, parts.certified_after.high, rows).astype("int64")
    day = done + pd.to_timedelta(after, unit="D")
    end = staff["left_on"].fillna(pd.Timestamp(scenario.covers.to_on))
    return day.where((rng.random(rows) < parts.certified) & day.le(end))
