"""How many charts of a monthly packet look changed by chance: simulated packets of a state in which nothing changes.

    python -m tests.bench.packet_false_alarms [PACKETS]

Fifteen sites of the made-up state's sizes, the scorecard's measures at each and page one's for the state, judged as a packet judges
them. Beside the simulated false signals stands what a packet prints (params/false_alarms.csv by the units, points and cases of its charts), and
on the same charts two ways of comparing the last month with the month before. docs/calibration.md keeps what this prints.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import yaml

from analysis import params
from analysis.quality.cards import Card, Cards, read_cards
from analysis.quality.charts.false_alarms import (
    CHILD_YEARS_A_CASE,
    SHOCKS,
    SPREAD,
    WAIT,
    FalseAlarms,
    read_false_alarms,
)
from analysis.quality.charts.judgment import judge

SEED = 20261126
PACKETS = 400
SITES = (718, 406, 308, 303, 274, 215, 198, 160, 152, 116, 98, 49, 35, 20, 19)  # episodes a year, the made-up state's
# (part of a month's episodes that the share is out of, share): the made-up state's year to October 2026. 0.97 children an episode in
# a month is illustrative.
SHARES = {
    "in_person_share": (0.88, 0.88),
    "response_in_time_share": (0.64, 0.78),
    "contact_share": (0.78, 0.94),
    "safety_plan_share": (0.72, 0.85),
    "follow_up_72_hours_share": (0.93, 0.52),
    "suicide_screen_share": (0.71, 0.89),
    "linked_60_days_share": (0.62, 0.62),
}
CHILDREN_AN_EPISODE = 0.97
QUANTILES = {"response_minutes_median": 0.5, "response_minutes_p90": 0.9}
TIMED = SHARES["response_in_time_share"][0]  # the part of a month's episodes that has a wait
QUARTER = 3
BY_CHANCE = 1.96


@dataclass(frozen=True)
class Series:
    """One measure at one place: x, n and value a point; the waits of the last two points, where it is made of waits."""

    measure: str
    grain: str
    points: pd.DataFrame
    waits: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Looked:
    """One judged chart of a packet: what it is, what a packet expects of it, and what three ways of looking say of its last point."""

    measure: str
    chart: str
    grain: str
    place: str
    expected: float
    rule: str  # "" where the chart says that nothing changed
    two_points: bool
    red_or_green: bool


@dataclass(frozen=True)
class World:
    """What a state is like in which nothing changes.

    Attributes
    ----------
    months : int
        Months of history that a packet shows.
    size : float
        Episodes as a multiple of SITES.
    by_month : tuple of float
        Use by calendar month, January first, about 1: all 1 where there are no seasons.
    """

    months: int
    size: float
    by_month: tuple[float, ...] = (1.0,) * 12


def worlds() -> dict[str, World]:
    """The states that are simulated; the school year is the made-up state's."""
    state = yaml.safe_load((params.ROOT / "params" / "demo" / "state.yml").read_text(encoding="utf-8"))
    return {
        "24 months": World(24, 1.0),
        "24 months, sites three times as large": World(24, 3.0),
        "60 months": World(60, 1.0),
        "24 months, a school year's seasons": World(24, 1.0, tuple(state["use"]["by_month"])),
    }


def sites_months(world: World, last_month: int, rng: np.random.Generator) -> np.ndarray:
    """Episodes by site and month: Poisson about a mean that seasons and month shocks move."""
    seasons = np.array(world.by_month)[(last_month - world.months + 1 + np.arange(world.months)) % 12]
    means = np.array(SITES)[:, None] * world.size / 12 * seasons
    return rng.poisson(means * rng.gamma(SHOCKS, 1 / SHOCKS, (len(SITES), world.months)))


def shown(counts: list[np.ndarray], smallest: int) -> str:
    """The grain at which none of the counts is small in any window; "" where there is none.

    >>> shown([np.array([12, 13, 11])], 11), shown([np.array([4, 5, 6])], 11), shown([np.array([1, 2, 3])], 11)
    ('month', 'quarter', '')
    """
    for grain, width in (("month", 1), ("quarter", QUARTER)):
        if all((each.reshape(-1, width).sum(axis=1) >= smallest).all() for each in counts):
            return grain
    return ""


def packet(cards: Cards, episodes: np.ndarray, smallest: int, rng: np.random.Generator) -> Iterator[tuple[str, Series]]:
    """The series of one packet that may be shown, each with its place."""
    counts = {}
    for name, (part, share) in SHARES.items():
        of = rng.binomial(episodes, part)
        counts[name] = (rng.binomial(of, share), of)
    counts["children_served"] = (rng.binomial(episodes, CHILDREN_AN_EPISODE), episodes)
    for site in (*range(len(SITES)), None):
        place = slice(None) if site is None else slice(site, site + 1)
        here = episodes[place].sum(axis=0)
        for name in cards.page_one if site is None else cards.scorecard:
            if name in QUANTILES:
                found = waits_series(name, rng.binomial(here, TIMED), smallest, rng)
            elif name in counts:
                x, n = (each[place].sum(axis=0) for each in counts[name])
                found = counted_series(name, cards.cards[name], x, n, here, smallest)
            elif cards.cards[name].unit == "share":
                raise KeyError(f"{name} is judged in a packet and not simulated here. Give it a line in SHARES.")
            else:
                found = counted_series(name, cards.cards[name], here, here, here, smallest)
            if found is not None:
                yield ("statewide" if site is None else "site"), found


def counted_series(
    name: str, card: Card, x: np.ndarray, n: np.ndarray, episodes: np.ndarray, smallest: int
) -> Series | None:
    hidden = [episodes, n] + ([x, n - x] if card.hide == "all" and card.unit == "share" else [])
    grain = shown(hidden, smallest)
    if not grain:
        return None
    width = QUARTER if grain == "quarter" else 1
    x, n = (each.reshape(-1, width).sum(axis=1).astype(float) for each in (x, n))
    if card.unit == "rate":
        n = np.full(len(x), x.mean() * CHILD_YEARS_A_CASE)
    value = x if card.unit == "count" else x / n
    return Series(name, grain, pd.DataFrame({"numerator": x, "denominator": n, "value": value}))


def waits_series(name: str, n: np.ndarray, smallest: int, rng: np.random.Generator) -> Series | None:
    grain = shown([n], smallest)
    if not grain:
        return None
    n = n.reshape(-1, QUARTER if grain == "quarter" else 1).sum(axis=1)
    waits = [rng.lognormal(np.log(WAIT), SPREAD, each) for each in n]
    value = [float(np.quantile(each, QUANTILES[name])) for each in waits]
    points = pd.DataFrame({"numerator": np.nan, "denominator": n.astype(float), "value": value})
    return Series(name, grain, points, tuple(waits[-2:]))


def differ(one: Series, unit: str) -> bool:
    """True where the last two points differ at 95%: shares by their pooled proportion, counts as Poisson, waits by the share above the
    pooled quantile."""
    if one.waits:
        cut = np.quantile(np.concatenate(one.waits), QUANTILES[one.measure])
        x, n = np.array([(each > cut).sum() for each in one.waits]), np.array([len(each) for each in one.waits])
    else:
        x, n = one.points["numerator"].to_numpy()[-2:], one.points["denominator"].to_numpy()[-2:]
    if unit in ("count", "rate"):
        return abs(x[1] - x[0]) > BY_CHANCE * np.sqrt(x.sum())
    p = x.sum() / n.sum()
    return abs(x[1] / n[1] - x[0] / n[0]) > BY_CHANCE * np.sqrt(p * (1 - p) * (1 / n).sum())


def look(series: Series, place: str, card: Card, rates: FalseAlarms) -> Looked | None:
    """One chart judged; None where no rule was applied."""
    judged = judge(card.unit, card.better, series.points)
    if judged.signal == "cannot_tell":
        return None
    cases = series.points["numerator" if card.unit in ("count", "rate") else "denominator"].mean()
    last, before = series.points["value"].to_numpy()[[-1, -2]]
    return Looked(
        measure=series.measure,
        chart=judged.choice.kind,
        grain=series.grain,
        place=place,
        expected=rates.rate(card.unit, judged.n_points, cases),
        rule="" if judged.signal == "none" else judged.phrase.rpartition("_")[0],
        two_points=bool(differ(series, card.unit)),
        red_or_green=bool(last != before),
    )


def simulate(world: World, packets: int) -> tuple[list[list[Looked]], Counter]:
    """The judged charts of each packet, and how many series were shown by grain. The packets' last months go through the year."""
    cards, smallest, rates = read_cards(params.study("demo")), params.disclosure().smallest_shown, read_false_alarms()
    seen, found = Counter(), []
    for number in range(packets):
        rng = np.random.default_rng([SEED, number])
        drawn = list(packet(cards, sites_months(world, number % 12, rng), smallest, rng))
        seen.update(series.grain for _, series in drawn)
        looked = (look(series, place, cards.cards[series.measure], rates) for place, series in drawn)
        found.append([each for each in looked if each is not None])
    return found, seen


def summary(found: list[list[Looked]]) -> dict[str, str]:
    """One row of the table of packets."""
    false = np.array([sum(each.rule != "" for each in one) for one in found])
    expected = np.mean([sum(each.expected for each in one) for one in found])
    two, color = (
        np.mean([sum(getattr(each, way) for each in one) for one in found]) for way in ("two_points", "red_or_green")
    )
    low, high = np.quantile(false, [0.05, 0.95])
    return {
        "charts judged": f"{np.mean([len(one) for one in found]):.1f}",
        "printed": f"{expected:.2f}",
        "simulated": f"{false.mean():.2f} +- {1.96 * false.std(ddof=1) / np.sqrt(len(false)):.2f}",
        "ratio": f"{false.mean() / expected:.2f}",
        "90% of packets": f"{low:.0f} to {high:.0f}",
        "none": f"{(false == 0).mean():.0%}",
        "one or more": f"{(false > 0).mean():.0%}",
        "five or more": f"{(false >= 5).mean():.0%}",
        "two months at 95%": f"{two:.1f}",
        "red or green": f"{color:.1f}",
    }


def table(rows: list[dict[str, str]]) -> str:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    return "\n".join(lines + ["| " + " | ".join(row.values()) + " |" for row in rows])


def split(found: list[list[Looked]], *names: str) -> str:
    """Charts judged and false signals a packet by what the charts are."""
    looked = pd.DataFrame([vars(each) for one in found for each in one])
    rows = []
    for key, group in looked.groupby(list(names), sort=True):
        rules = Counter(group["rule"])
        rows.append(
            dict(zip(names, key, strict=True))
            | {
                "judged a packet": f"{len(group) / len(found):.2f}",
                "printed": f"{group['expected'].sum() / len(found):.3f}",
                "simulated": f"{group['rule'].ne('').sum() / len(found):.3f}",
                "of 100 charts": f"{100 * group['rule'].ne('').mean():.1f}",
                "by rule": ", ".join(
                    f"{rule} {100 * many / len(group):.1f}" for rule, many in sorted(rules.items()) if rule
                ),
            }
        )
    return table(rows)


def main() -> int:
    """Print the tables."""
    packets = int(sys.argv[1]) if len(sys.argv) > 1 else PACKETS
    rows, details = [], []
    for name, world in worlds().items():
        found, seen = simulate(world, packets)
        shown_by = {f"shown by {grain}": f"{seen[grain] / packets:.1f}" for grain in ("month", "quarter")}
        rows.append({"a state with": name} | shown_by | summary(found))
        for names in (("chart",), ("grain", "place"), ("measure", "place")):
            details.append(f"{name}, by {' and '.join(names)}\n\n{split(found, *names)}")
    print(f"{packets} packets each, seed {SEED}", table(rows), *details, sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
