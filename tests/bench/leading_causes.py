"""Who is flagged in the made-up state drawn many times over, and is the cause that is named the true one?

    python -m tests.bench.leading_causes [--seeds 200]

Each seed draws the clean made-up state anew (no dirt, no intake): its sites' true rates and causes stay, chance does not. Every site is
judged at the last month as a brief judges it, on 25 months; its gap over the last 12 months is held against the sites that can be judged,
and the largest part of it is its leading cause. The three truly low sites are drawn with their causes as they are, at a half, at a quarter and
without. Beside this stand the rule's own error rates for the state as fitted. docs/calibration.md keeps what this prints.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd

from analysis import params
from analysis.demo.companions.calls import make_calls
from analysis.demo.companions.hours import make_hours
from analysis.demo.scenario import Scenario, read_scenario
from analysis.demo.state import State, make_state
from analysis.periods import Period, span
from analysis.quality.gap.account import Seen, account_for_gap
from analysis.quality.gap.cells import count_cells
from analysis.quality.gap.path import count_path
from analysis.quality.utilization.error_rates import SEED, ErrorRates, alarms_of, draw, error_rates, state_of, wide_of
from analysis.quality.utilization.expected import SiteMonths, site_months
from analysis.quality.utilization.parameters import LowUse, read_low_use
from analysis.quality.utilization.rule import judge_use

FIRST_SEED, SEEDS, PROCESSES = 20270101, 200, 2
MONTHS_JUDGED = 25  # the month that is judged and the 24 before it
TRUE_CAUSES = {"site-04": "asks:school", "site-09": "recommended", "site-12": "hours"}
SMALL = ("site-14", "site-15")
STRENGTHS = (1.0, 0.5, 0.25, 0.0)  # of what is lost at the three sites
CLASSES = ("below_expected", "watch", "cant_tell_yet", "expected_range")
ONE_LOOK_STATES = 2000
SAID = (0.0, 0.5, 0.8, 0.95, 1.0)  # edges of what `leads` says


def scenario_at(strength: float) -> Scenario:
    """The made-up state where the three sites lose that part of what they lose as it stands; no other site loses any."""
    made = read_scenario("base")
    weaker = [
        site.model_copy(
            update={"lost": site.lost.model_copy(update={k: strength * v for k, v in site.lost.model_dump().items()})}
        )
        for site in made.sites
    ]
    return made.model_copy(update={"sites": tuple(weaker)})


def tables_of(state: State) -> dict[str, pd.DataFrame]:
    """What the judgment and the account need of a state, with the columns that intake would derive of clean records."""
    episodes = state.episodes
    return {
        "episodes": episodes.assign(counted_on=episodes["requested_at"].dt.normalize()),
        "calls": make_calls(episodes, state.kept_on_phone, state.site_counties, state.scenario),
        "sites": state.sites,
        "site_counties": state.site_counties,
        "population": state.population,
        "site_hours": make_hours(state.sites, state.scenario),
    }


def use_of(tables: dict[str, pd.DataFrame], scenario: Scenario, *, rule: LowUse) -> SiteMonths:
    """What was seen and expected in the months that are judged."""
    covers = (pd.Timestamp(scenario.covers.from_on), pd.Timestamp(scenario.covers.to_on))
    months = list(pd.period_range(end=covers[1].to_period("M"), periods=MONTHS_JUDGED, freq="M"))
    four = (tables[name] for name in ("episodes", "sites", "site_counties", "population"))
    return site_months(*four, months, study=params.study("demo"), covers=covers, rule=rule)


def seen_of(tables: dict[str, pd.DataFrame], judged: pd.DataFrame, window: Period, *, rule: LowUse) -> Seen:
    """What is known of the gaps; comparable are the sites that are open and can be judged."""
    judged = judged.set_index("site_id")
    enough = judged["expected"].ge(rule.classes.least_expected)
    old = judged["months_open"].ge(rule.classes.least_months_open)
    sites = judged.index.tolist()
    return Seen(
        steps=count_path(tables, sites, window).steps,
        cells=count_cells(tables["episodes"], tables["site_hours"], sites, window),
        expected=judged["expected"],
        months=len(window.months),
        comparable=judged.index[judged["class"].notna() & old & enough].tolist(),
        shock_size=float(judged["shocks_size"].iloc[0]),
    )


def look_at(seed: int, *, scenario: Scenario, rule: LowUse) -> pd.DataFrame:
    """One seed's sites as judged, one row each; cause and leads where the site is flagged or truly low."""
    state = make_state(scenario.model_copy(update={"seed": seed}))
    tables = tables_of(state)
    use = use_of(tables, scenario, rule=rule)
    month = use.months[-1]
    judged = judge_use(use, tables["sites"], month=month, complete=dict.fromkeys(use.sites, True), rule=rule)
    seen = seen_of(tables, judged, span(month - rule.windows.longer_months + 1, month), rule=rule)
    named = judged.loc[judged["class"].eq("below_expected") | judged["site_id"].isin(TRUE_CAUSES), "site_id"]
    leading = {site: account_for_gap(seen, site).iloc[1] for site in named}  # after the whole gap the largest part
    return judged.assign(
        seed=seed,
        use_ratio=[site["use_ratio"] for site in state.truth["sites"]],
        **{
            name: judged["site_id"].map({site: part[name] for site, part in leading.items()})
            for name in ("cause", "leads")
        },
    )


def look_at_many(seeds: Iterable[int], *, strength: float = 1.0, run: Callable = map) -> pd.DataFrame:
    """One row a seed and site: what judge_use gives, seed, use_ratio (true, of the requests drawn), cause, leads, named (the site's cause), strength."""
    one = partial(look_at, scenario=scenario_at(strength), rule=read_low_use())
    rows = pd.concat(run(one, seeds), ignore_index=True)
    return rows.assign(named=rows["cause"].eq(rows["site_id"].map(TRUE_CAUSES)), strength=strength)


def say(hit: pd.Series, seed: pd.Series) -> str:
    """A share in 100 with its standard error over seeds; where all or none are hit, what 95% still allow.

    >>> say(pd.Series([True, False, True, True]), pd.Series([1, 1, 2, 2])), say(pd.Series([True] * 100), pd.Series(range(100)))
    ('75.0 +- 25.0', '100 (97 or more)')
    """
    if hit.empty:
        return "none"
    seeds, many = seed.nunique(), hit.mean()
    if many in (0, 1):
        allowed = 100 * (1 - 0.05 ** (1 / seeds))
        return f"0 (under {allowed:.2g})" if many == 0 else f"100 ({100 - allowed:.3g} or more)"
    by_seed = (hit - many).groupby(seed).sum()
    wide = np.sqrt((by_seed**2).sum() * seeds / max(seeds - 1, 1)) / len(hit)
    return f"{100 * many:.1f} +- {100 * wide:.1f}"


def say_low(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per truly low site and strength."""
    lines = []
    for (strength, site), own in rows[rows["site_id"].isin(TRUE_CAUSES)].groupby(["strength", "site_id"], sort=False):
        flagged = own[own["class"].eq("below_expected")]
        line = {"cause at": f"{strength:g}", "site": site, "true cause": TRUE_CAUSES[site]}
        line |= {"true ratio": f"{own['use_ratio'].mean():.2f}", "expected": f"{own['expected'].mean():.0f}"}
        line |= {"observed / expected": f"{own['ratio'].mean():.2f}"}
        line |= {name: say(own["class"].eq(name), own["seed"]) for name in CLASSES}
        line |= {"flagged, its cause named": say(flagged["named"], flagged["seed"])}
        lines.append(
            line
            | {"leads": f"{flagged['leads'].mean():.2f}", "every seed, its cause named": say(own["named"], own["seed"])}
        )
    return pd.DataFrame(lines)


def say_others(rows: pd.DataFrame) -> pd.DataFrame:
    """The classes of the ordinary sites, each and together, and of the small ones; rows of the closed site are left out."""
    rows = rows[rows["class"].notna() & ~rows["site_id"].isin(TRUE_CAUSES)]
    small = rows["site_id"].isin(SMALL)
    groups = [("ordinary, together", rows[~small]), ("small, together", rows[small]), *rows.groupby("site_id")]
    return pd.DataFrame(
        [
            {"site": name, "sites": str(own["site_id"].nunique()), "true ratio": f"{own['use_ratio'].mean():.2f}",
             "expected": f"{own['expected'].mean():.0f}"}
            | {each: say(own["class"].eq(each), own["seed"]) for each in CLASSES}
            | {"flagged surely": say(own["sure"], own["seed"])}
            for name, own in groups
        ]
    )  # fmt: skip


def say_leads(rows: pd.DataFrame) -> pd.DataFrame:
    """How often a cause is the true one by what `leads` says of it, flagged or not, at the three sites with a cause."""
    named = rows[rows["site_id"].isin(TRUE_CAUSES)]
    said = pd.cut(named["leads"], SAID, include_lowest=True)
    lines = []
    for strength, own in named.groupby("strength", sort=False):
        for each, part in own.groupby(said[own.index], observed=True):
            line = {
                "cause at": f"{strength:g}",
                "leads": f"{abs(each.left):.2f} to {each.right:.2f}",
                "times": str(len(part)),
            }
            lines.append(
                line | {"mean leads": f"{part['leads'].mean():.2f}", "its cause": say(part["named"], part["seed"])}
            )
    return pd.DataFrame(lines)


def say_rates(rates: dict[str, ErrorRates]) -> pd.DataFrame:
    """The rule's own error rates, as a brief prints them."""
    return pd.DataFrame(
        [
            {"spread": f"{name}: {each.spread:.2f}", "step": row.step, "false a site-year": f"{100 * row.false_a_site_year:.1f}",
             "any a year": f"{100 * row.any_a_year:.1f}", "sites a year": f"{row.sites_a_year:.2f}"}
            for name, each in rates.items()
            for row in each.steps.itertuples()
        ]
    )  # fmt: skip


def say_one_look(use: SiteMonths, truth: dict[str, float], *, rule: LowUse) -> pd.DataFrame:
    """One look as error_rates simulates it: ordinary sites at random or at their true ratio, the three at theirs in both."""
    state, lines = state_of(use, rule=rule), []
    rng, at_site = np.random.default_rng([SEED, 2]), state.sites.index
    true = np.tile([truth[site] for site in state.sites], (ONE_LOOK_STATES, 1))
    drawn = np.exp(rng.normal(0, state.spread, true.shape))
    low = [at_site(site) for site in TRUE_CAUSES]
    drawn[:, low] = true[:, low]
    not_ordinary = {*low, *map(at_site, SMALL), *np.flatnonzero(state.base[:, -1] == 0)}
    groups = {"ordinary": [at for at in range(len(state.sites)) if at not in not_ordinary]}
    groups |= {site: [at_site(site)] for site in TRUE_CAUSES}
    for name, ratio in (("true ratios", true), (f"ordinary sites differ by {state.spread:.2f}", drawn)):
        alarms = alarms_of(draw(state, ratio[..., None], rng), state.base, rule=rule, looks=1)
        for group, at in groups.items():
            shares = {step: f"{100 * each[:, at, -1].mean():.1f}" for step, each in alarms.items()}
            lines.append({"one look, simulated by counts alone": name, "site": group} | shares)
    return pd.DataFrame(lines)


def table(found: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(map(str, found.columns)) + " |", "|" + " --- |" * len(found.columns)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in found.itertuples(index=False)])


def main() -> int:
    """Print the tables."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=SEEDS)
    asked.add_argument("--processes", type=int, default=PROCESSES)
    given = asked.parse_args()
    rule, begun = read_low_use(), time.monotonic()
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    with get_context("spawn").Pool(given.processes) as pool:
        run = partial(pool.map, chunksize=5)
        rows = pd.concat([look_at_many(seeds, strength=each, run=run) for each in STRENGTHS], ignore_index=True)
    print(f"{given.seeds} seeds from {FIRST_SEED}; in 100, with one standard error\n\n{table(say_low(rows))}")
    as_drawn = rows[rows["strength"].eq(1)]
    print("\n" + table(say_others(as_drawn)) + "\n\n" + table(say_leads(rows)))
    spread = as_drawn.groupby("seed")["spread"].first().quantile([0.05, 0.5, 0.95])
    print("\nspread as fitted, 5, 50 and 95 in 100 of seeds: " + ", ".join(f"{each:.2f}" for each in spread))
    made = make_state(read_scenario("base"))
    use = use_of(tables_of(made), made.scenario, rule=rule)
    state = state_of(use, rule=rule)
    rates = {"as fitted": error_rates(state, rule=rule), "wide": error_rates(wide_of(state, rule=rule), rule=rule)}
    truth = as_drawn.groupby("site_id")["use_ratio"].mean().to_dict()  # one seed's own is that of the requests it drew
    print("\n" + table(say_rates(rates)) + "\n\n" + table(say_one_look(use, truth, rule=rule)))
    print(f"\n{time.monotonic() - begun:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
