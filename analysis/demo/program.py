"""What the made-up state's service costs: params/demo/program.csv, one row a site and month."""

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.demo.counties import add_up_exactly, make_population
from analysis.demo.scenario import Scenario
from analysis.demo.sites import count_children_in_care, make_site_counties


def make_program(scenario: Scenario) -> pd.DataFrame:
    """What the service costs: one row per site and month from the site's opening to its closing, ordered by both.

    Gives site_id, month (2024-07), capacity_usd (its teams, paid by whole months whatever the number of calls), start_up_usd (in
    the first month), call_center_usd (the site's share of the state's), variable_usd_per_response, source and note. Dollars
    are whole and of their month. Teams follow the children (0 to 20) in the site's care on the last day of care of that month.
    """
    parts, care = scenario.program, _children_by_month(scenario)
    team_usd = parts.contract_usd / parts.contract_months / parts.contract_teams
    steps = np.ceil(care["children"] / parts.children_a_team / parts.smallest_step)
    teams = steps * parts.smallest_step
    capacity = np.rint(teams * team_usd).astype("int64")
    first = ~care["site_id"].duplicated()
    notes = "teams: " + teams.map("{:g}".format) + "; children in care: " + care["children"].map("{:,.0f}".format)
    return pd.DataFrame(
        {
            "site_id": care["site_id"],
            "month": care["month"].astype(str),
            "capacity_usd": capacity,
            "start_up_usd": np.where(first, np.rint(parts.start_up_months * capacity), 0).astype("int64"),
            "call_center_usd": care.groupby("month")["children"].transform(_shared_out, parts.call_center_usd),
            "variable_usd_per_response": parts.variable_usd_per_response,
            "source": parts.source,
            "note": notes.where(~first, notes + "; start-up is what was spent before the first call"),
        }
    )


def write_program(scenario: Scenario, path: Path) -> None:
    """Write the costs to `path` as text with commas; the same scenario gives the same bytes."""
    part = path.with_name(f".{path.name}.part")
    make_program(scenario).to_csv(part, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    os.replace(part, path)


def _children_by_month(scenario: Scenario) -> pd.DataFrame:
    """Children of any age band in a site's care on its last day of care of each month: site_id, month, children."""
    in_care = count_children_in_care(make_site_counties(scenario), make_population(scenario), scenario)
    by_day = in_care.groupby(["site_id", "day"], as_index=False)["children"].sum()
    by_day["month"] = by_day["day"].dt.to_period("M")
    return by_day.groupby(["site_id", "month"], as_index=False)["children"].last()


def _shared_out(children: pd.Series, usd: float) -> np.ndarray:
    """Whole dollars in proportion to the children, adding up to `usd`."""
    return add_up_exactly(list(children / children.sum()), np.array([usd]))[0]
