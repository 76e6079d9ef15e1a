"""Measures by groups of children, as a page shows them: each group beside all others, under a rule fixed beforehand."""

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.quality.equity import NOT_RECORDED, OTHERS, TOO_FEW
from analysis.quality.units import PER_CHILDREN
from analysis.tables import AGE_BANDS, INSURANCES, RACES, SEXES

CUTS = {
    "age_band": ("Age", {band: f"{band} years" for band in AGE_BANDS}),
    "sex": ("Sex", SEXES),
    "race_ethnicity": ("Race and ethnicity", RACES),
    "insurance": ("Insurance", INSURANCES),
}
RULE = (
    "A group stands alone where at least 11 are behind each number and 5 or more were to be expected. Else two years are taken together, "
    "then groups; else nothing is shown. The rule was fixed before anybody looked. Groups differ for many reasons; a difference "
    "is a question, and with so many compared, about 1 in 20 lies outside its range by chance."
)
CHILD_YEARS, EPISODES = "child-years", "episodes"
PARTS = (
    "Per 1,000 stands where it is known how many children a group has: by age. Elsewhere stands what part of all episodes the group has, "
    "which says nothing of how often its children come."
)


def groups(numbers: Numbers) -> Html:
    """One folded table a measure of page one that is asked of groups; one line where nothing can be shown."""
    chosen = [name for name in numbers.cards.page_one if numbers.groups["measure"].eq(name).any()]
    tables = [_table(numbers, measure) for measure in chosen]
    if not tables:
        return markup.paragraph("These data do not say enough about who the children are.")
    intro = markup.paragraph("Each measure opens its table of groups. On paper, the figures are in the page itself.")
    return markup.together(intro, *tables, Html(f'<p class="note">{markup.escaped(RULE)}</p>'))


def _table(numbers: Numbers, measure: str) -> Html:
    card = numbers.cards.cards[measure]
    rows = numbers.groups[numbers.groups["measure"].eq(measure)]
    lines = [_line(row) for _, row in rows.iterrows()]
    headers = ["Group", "Years", "Out of", "Value", "95% range", "Against all others"]
    table = markup.table(lines, caption=f"{card.title}, by groups of children", headers=headers, numeric=headers[2:])
    both = {"rate", "part"} <= set(rows["unit"].dropna())
    note = Html(f'<p class="note">{markup.escaped(PARTS)}</p>') if both else ""
    return markup.details(f"{card.title}, by groups of children", markup.together(table, note), on_paper=False)


def _line(row: pd.Series) -> tuple[str, ...]:
    cut, _, group = row["stratum"].partition(":")
    heading, words = CUTS[cut]
    if row["why_missing"] or pd.isna(row["value"]):
        return f"{heading}: all groups", "", "", row["why_missing"] or TOO_FEW, "", ""
    said = {NOT_RECORDED: "not recorded", OTHERS: "smaller groups together"}.get(group, words.get(group, group))
    name = f"{heading}: {said}"
    of = markup.number(row["denominator"]) if pd.notna(row["denominator"]) else ""
    if row["unit"] == "rate":
        of = f"{of} {CHILD_YEARS}"
        value = f"{markup.number(row['value'], decimals=1)} per {markup.number(PER_CHILDREN)}"
        span = markup.interval(row["low"], row["high"], "rate", around=row["value"])
    else:
        value, span = (
            markup.percent(row["value"], row["denominator"]),
            markup.interval(row["low"], row["high"], "share", around=row["value"]),
        )
    if row["unit"] == "part":
        of, value = f"{of} {EPISODES}", f"{value} of all"
    return name, row["period"].replace("_", " to "), of, value, span, _against(row)


def _against(row: pd.Series) -> str:
    if pd.notna(row["difference"]):
        points = [round(100 * float(row[name])) for name in ("difference", "difference_low", "difference_high")]
        return f"{points[0]:+d} of 100 ({points[1]:+d} to {points[2]:+d})".replace("-", "−")
    if pd.notna(row["ratio"]):
        return f"{row['ratio']:.2f} times ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
    return "not compared"
