"""The simulated false alarms: how they are looked up, that they cover every chart of a packet, and that they can be made anew."""

import numpy as np
import pandas as pd
import pytest

from analysis.brief.signals import CHARTED
from analysis.params import ROOT
from analysis.quality.charts.false_alarms import (
    CASES,
    FILE,
    POINTS,
    SEED,
    FalseAlarms,
    as_csv,
    read_false_alarms,
    simulate,
    stable_series,
)


@pytest.fixture(scope="module")
def rates() -> FalseAlarms:
    return read_false_alarms()


def of(rates: FalseAlarms, unit: str, points: int, cases: int) -> pd.Series:
    table = rates.table
    return table[table["unit"].eq(unit) & table["points"].eq(points) & table["cases"].eq(cases)].iloc[0]


def test_every_unit_that_is_charted_has_its_rates(rates):
    assert set(rates.table["unit"]) == set(CHARTED)
    assert len(rates.table) == len(POINTS) * sum(map(len, CASES.values()))
    assert not rates.table.duplicated(["unit", "points", "cases"]).any()
    assert rates.table["rate"].between(0, 0.10).all()


@pytest.mark.parametrize(("points", "cases", "of_points", "of_cases"), [
    (24, 60, 24, 60),
    (29, 249.9, 24, 60),  # next below in both
    (200, 9999, 60, 250),
    (3, 0.0, 10, 5),  # smaller than any: the smallest
])  # fmt: skip
def test_the_rate_of_the_chart_next_below(rates, points, cases, of_points, of_cases):
    assert rates.rate("rate", points, cases) == of(rates, "rate", of_points, of_cases)["rate"]


def test_the_file_is_what_the_code_writes():
    """One cell made anew with the file's own seed gives the file's own line."""
    line = as_csv(simulate(points=(10,), cases={"share": (20,)})).splitlines()[1]
    assert line in (ROOT / FILE).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("unit", "cases"), [("count", 60), ("share", 30)])
def test_another_seed_gives_the_same_rate_within_the_error_of_simulation(rates, unit, cases):
    again = simulate(series=200, seed=SEED + 1, points=(30,), cases={unit: (cases,)}).iloc[0]
    kept = of(rates, unit, 30, cases)
    pooled = (again["rate"] * again["judged"] + kept["rate"] * kept["judged"]) / (again["judged"] + kept["judged"])
    error = np.sqrt(pooled * (1 - pooled) * (1 / again["judged"] + 1 / kept["judged"]))
    assert abs(again["rate"] - kept["rate"]) < 3 * error


def test_a_frozen_baseline_costs_false_alarms(rates):
    """Points after the twentieth are held against a mean that they had no part in: more of them look changed."""
    means = rates.table.groupby("points")["rate"].mean()
    assert means[36] > 1.5 * means[20]


@pytest.mark.parametrize("unit", CASES)
def test_a_stable_series_has_the_cases_and_the_shocks_that_it_is_asked_for(unit):
    series = stable_series(unit, 60, 400, np.random.default_rng(1))
    cases = series["numerator" if unit in ("count", "rate") else "denominator"]
    assert cases.mean() == pytest.approx(60, rel=0.05)
    # Poisson about a mean that shocks of size 25 move: 60 + 60^2 / 25.
    assert cases.var() == pytest.approx(60 + 60**2 / 25, rel=0.25)
