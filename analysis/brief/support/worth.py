"""What more crises would do to the standing cost of one, and what a break-even would take; no effect is claimed here."""

from pathlib import Path

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.brief.roi.dollars import usd
from analysis.brief.support import shown
from analysis.brief.support.sources import Support
from analysis.params import ROOT, disclosure
from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
from analysis.savings.program import read_program
from analysis.savings.threshold import break_even_volume

ED_VISIT = "ed_visit"
STRONG = "strong"


def worth(support: Support, site: str) -> Html:
    """Standing cost per crisis now and at what is expected; the volume at which even one ED visit replaced by each would pay.

    Where the study's effect is graded strong its ED visits and nights stand beside; else a line says that they are left out.
    """
    if support.cannot or site not in support.judged.index or pd.isna(support.judged.loc[site, "expected"]):
        return Html("")
    program = read_program(support.numbers.study.name)
    own = program[program["site_id"].eq(site) & program["month"].between(support.year.first, support.year.last)]
    own = own[own["capacity_usd"].notna()]
    if own.empty:
        return markup.paragraph("What the teams cost is not in this study's files, so no cost of a crisis is shown.")
    fixed = float(own["capacity_usd"].sum() + own["call_center_usd"].fillna(0).sum())
    lines = [_per_crisis(support, site, fixed), _volume(support, fixed / len(own), own), _effect(support)]
    return markup.list_of([line for line in lines if line])


def _per_crisis(support: Support, site: str, fixed: float) -> str:
    seen, expected = shown.observed(support, site), float(support.judged.loc[site, "expected"])
    at_target = usd(fixed / expected)
    if pd.isna(seen):
        return f"The standing cost of a crisis (teams and call center) is {disclosure().mark}. At what is expected it would be about {at_target}."
    if seen >= expected:
        return f"The standing cost of a crisis (teams and call center) is {usd(fixed / seen)}."
    return (
        f"The standing cost of a crisis (teams and call center) is {usd(fixed / seen)}. At what is expected it "
        f"would be about {at_target}, with no change in what a visit does."
    )


def _volume(support: Support, fixed_a_month: float, own: pd.DataFrame) -> str:
    money = support.numbers.study.money
    more = own["variable_usd_per_response"]
    if money is None or more.isna().any():
        return ""
    price = price_in(one_cost(read_costs(support.numbers.study.name), ED_VISIT), money.price_year, read_indices())
    volume = break_even_volume(fixed_a_month, float(more.mean()), price.value_usd)
    if volume is None:
        return "One more crisis costs as much as an emergency department visit or more: by such visits alone no volume would pay."
    return (
        f"An emergency department visit costs about {usd(price.value_usd)} ({money.price_year} dollars). Were each crisis to replace one, "
        f"{markup.number(volume)} crises a month would carry the standing cost by that alone. This is no forecast."
    )


def _effect(support: Support) -> str:
    strong = strong_effects(support.numbers.study.name)
    if strong.empty:
        return "What a larger volume would spare in emergency visits or nights is left out. This study's effect is not graded strong."
    words = [
        f"{row.outcome.replace('_', ' ')}: {row.estimate:.3g} ({row.low:.3g} to {row.high:.3g}) {row.unit}"
        for row in strong.itertuples()
    ]
    return f"The study's effect, graded strong: {'; '.join(words)}."


def strong_effects(study: str, *, root: Path = ROOT) -> pd.DataFrame:
    """The rows of the newest effects.csv that are graded strong; none where there is no such table."""
    found = sorted((root / "outputs" / study / "tables").glob("*/statewide/effects.csv"))
    if not found:
        return pd.DataFrame(columns=["outcome", "estimate", "low", "high", "unit"])
    rows = pd.read_csv(found[-1])
    return rows[rows["grade"].eq(STRONG) & rows["estimate"].notna()]
