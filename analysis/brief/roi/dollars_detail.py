"""Behind page one of the dollars brief: visits and stays together, the priced bounds, Connecticut's effect, sites, sources."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.roi import accruals, told
from analysis.brief.roi.dollars import (
    EVERYBODY,
    NEEDS_COST,
    PAIR_VISITS,
    RESIDENTIAL,
    STAY,
    VISIT,
    Dollars,
    first_unknown_share,
    no_shares,
    part_of_year,
    rounded_up,
    usd,
    visit_lines,
)
from analysis.params import disclosure
from analysis.savings.assumptions import one_assumption
from analysis.savings.borrowed import fewer_children_with_a_visit, fewer_visits
from analysis.savings.ledger import ledger_table
from analysis.savings.prices import Price
from analysis.savings.threshold import (
    Perspective,
    needed_of_100,
    pairs,
)


def line_of_pairs(dollars: Dollars) -> Html:
    """How many ED visits and how many hospital stays of 100 would together pay for the service, Medicaid's funds together."""
    if not dollars.has_cost:
        return NEEDS_COST
    view = Perspective(EVERYBODY, 1.0, 1.0, ("medicaid",))
    found = pairs(
        dollars.last_year["with_call_center_usd"], dollars.prices[VISIT], dollars.prices[STAY], view, firsts=PAIR_VISITS
    )
    rows = [
        (
            markup.number(pair.first),
            rounded_up(pair.second) if pair.second else "0",
            "yes" if pair.reachable else "no: more than 100 together",
        )
        for pair in found
    ]
    heads = ["ED visits", "and hospital stays"]
    return markup.table(
        rows,
        caption="Of 100 responses, these would have to be replaced",
        headers=["ED visits", "and hospital stays", "Possible?"],
        numeric=heads,
    )


def one_more(dollars: Dollars) -> Html:
    """Keep the service, or one more child: the average and the marginal question apart."""
    if not dollars.has_cost:
        return Html("")
    year, visit = dollars.last_year, dollars.prices[VISIT]
    rows = [
        (
            "Keep the service? The average counts",
            usd(year["with_call_center_usd"]),
            _of_100(year["with_call_center_usd"], visit),
        )
    ]
    if pd.notna(year["one_more_usd"]):
        rows.append(
            (
                "Answer one more call? What it adds counts",
                usd(year["one_more_usd"]),
                _of_100(year["one_more_usd"], visit),
            )
        )
    heads = ["A response", "Of 100, replacing an ED visit"]
    return markup.table(
        rows,
        caption="Two questions, two costs (all public funds together)",
        headers=["Question", *heads],
        numeric=heads,
    )


def _of_100(cost: float, price: Price) -> str:
    needed = needed_of_100(cost, price.value_usd)
    return rounded_up(needed) if needed <= 100 else "more than 100: not by ED visits alone"


def visits_priced(dollars: Dollars) -> Html:
    """ED visits at the crisis at what Medicaid pays, by fiscal year and payer: two ends, never one number."""
    lines = visit_lines(dollars)
    if not lines:
        found = told.tell(dollars.accrual)
        if found.withheld:
            return markup.paragraph(found.withheld)
        row = found.row
        price = dollars.prices[VISIT]
        return markup.paragraph(
            f"All payers together: between {usd(min(row['fewer_low'] * price.high_usd, row['fewer_low'] * price.low_usd))} and "
            f"{usd(row['fewer_high'] * price.high_usd)}, at {usd(price.low_usd)} to {usd(price.high_usd)} a visit. "
            f"{_why_not_split(dollars)}"
        )
    table = ledger_table(lines)
    wide = table.pivot_table(values=["low", "high"], index=["fiscal_year", "payer"], columns="route", aggfunc="sum")
    rows = [
        (
            f"{year}{part_of_year(dollars, year)}",
            payer.replace("_", " "),
            usd(row["low", "index_crisis_low_bound"]),
            usd(row["high", "index_crisis_high_bound"]),
        )
        for (year, payer), row in wide.iterrows()
    ]
    heads = ["At least", "At most"]
    price = dollars.prices[VISIT]
    note = f"At {usd(price.low_usd)} to {usd(price.high_usd)} a visit in dollars of {price.price_year}. A minus sign means that more was spent. The two ends are not equally likely, and no number between them is known to be better."
    return markup.together(
        markup.table(
            rows,
            caption="Emergency department visits at the crisis, at what Medicaid pays",
            headers=["Fiscal year", "Payer", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _why_not_split(dollars: Dollars) -> str:
    return (
        no_shares(dollars)
        if first_unknown_share(dollars) is not None
        else "A fiscal year has too few crises to be split."
    )


def borrowed(dollars: Dollars) -> Html:
    """Connecticut's effect on local volumes: what it would come to here if it held here."""
    episodes = dollars.accrual.episodes
    met = episodes[episodes["attempt_result"].eq("contact").fillna(False)]
    children = int(met["child_id"].nunique())
    if children < disclosure().smallest_shown:
        return markup.paragraph(
            "Children can’t be told apart in these records, so an effect per child can’t be borrowed."
        )
    later, risk = (one_assumption(dollars.assumptions, item) for item in ("later_ed_visits_per_child", "ed_visit_risk"))
    ratio, odds = (one_assumption(dollars.assumptions, item) for item in ("ed_visits_ratio", "ed_visit_odds_ratio"))
    price = dollars.prices[VISIT].value_usd
    rows = []
    for visits in (later.low, later.value, later.high):
        found = fewer_visits(children, visits, ratio)
        rows.append(
            (
                f"{found.what}, if each child had {visits:g} without the service",
                _range(found),
                f"{usd(found.low * price)} to {usd(found.high * price)}",
            )
        )
    for part in (risk.low, risk.value, risk.high):
        found = fewer_children_with_a_visit(children, part, odds)
        rows.append((f"{found.what}, if {markup.percent(part, 1)} had one without the service", _range(found), ""))
    note = (
        "Borrowed, not measured here: Fendrich et al. 2019, Psychiatric Services 70:881 (children on Medicaid in Connecticut; rate ratio 0.78, 0.71 to 0.87; "
        "odds ratio 0.75, 0.66 to 0.84). The children compared had come to an emergency department. The range carries the published interval alone; "
        "whether the effect holds here, nobody knows."
    )
    heads = ["Fewer, if it held here", "At what Medicaid pays"]
    return markup.together(
        markup.table(
            rows,
            caption=f"Borrowed, not measured here: {markup.number(children)} children whom a team met",
            headers=["In the 18 months after the crisis", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _range(found) -> str:
    return f"{markup.number(found.best)} ({markup.number(found.low)} to {markup.number(found.high)})"


def what_to_ask(dollars: Dollars) -> Html:
    """Which table would narrow the answer most, in dollars: those to ask for, and those that are on hand and not used yet."""
    here = accruals.on_hand(dollars.accrual.study.name)
    asked = {name: line for name, line in _worth_asking(dollars).items() if name not in here}
    command = f"make request STUDY={dollars.accrual.study.name}"
    parts = []
    if asked:
        parts.append(markup.list_of([_line(name, line) for name, line in asked.items()], ordered=True))
        parts.append(markup.paragraph(f"{command} writes the request: tables, columns, years, codes."))
    else:
        parts.append(markup.paragraph("Nothing: what would narrow the answer most is on hand."))
    held = {name: line for name, line in _worth_asking(dollars).items() if name in here}
    if held:
        names = wording.first_up(", ".join(TABLE_WORDS[name] for name in held))
        parts.append(markup.paragraph(f"{accruals.here_for(names)} What they could add to it:"))
        parts.append(markup.list_of([_line(name, line) for name, line in held.items()]))
    return markup.together(*parts)


TABLE_WORDS = {"claims": "Medicaid claims", "placements": "child-welfare placements", "detentions": "detentions"}


def _line(name: str, line: str) -> str:
    return f"{wording.first_up(TABLE_WORDS[name])}: {line}"


def _worth_asking(dollars: Dollars) -> dict[str, str]:
    """What each table would tell, by its name, in the order in which they would narrow the answer."""
    found = told.tell(dollars.accrual)
    row, visit = found.row, dollars.prices[VISIT]
    stay, residential = (dollars.prices[item].value_usd / visit.value_usd for item in (STAY, RESIDENTIAL))
    between = (
        ""
        if found.withheld
        else "between its two ends the number of emergency department visits is worth up to "
        f"{usd((row['fewer_high'] - row['fewer_low']) * visit.high_usd)} at the highest price; "
    )
    return {
        "claims": f"{between}one hospital stay is worth {markup.number(stay, decimals=1)} visits, and this page knows nothing of stays.",
        "placements": f"one child’s year in residential treatment is worth {markup.number(residential)} visits. Few are needed to turn the answer, so few must be counted well.",
        "detentions": "days are paid by counties and are in no other table.",
    }


def where_from(dollars: Dollars) -> Html:
    """Every dollar of this page with its line, year, payer and source."""
    rows = [_price_row(price) for price in dollars.prices.values()]
    heads = ["Price", f"In dollars of {dollars.price_year}", "From", "Why this one"]
    return markup.table(rows, caption="Prices", headers=heads, numeric=heads[1:2])


def _price_row(price: Price) -> tuple:
    cost = price.cost
    span = f" ({usd(price.low_usd)} to {usd(price.high_usd)})" if price.low_usd != price.high_usd else ""
    link = (
        f'<a href="{markup.escaped(cost.source_link)}">{markup.escaped(cost.source_title)}</a>'
        if cost.source_link
        else "no source"
    )
    told = (
        f"{usd(cost.value_usd)} of {cost.price_year}, moved by {cost.index}; {cost.basis} of {cost.payer_paid_by.replace('_', ' ')}, "
        f"{cost.geography}; {cost.file}, line {cost.line}. "
    )
    return (
        wording.first_up(cost.meaning),
        f"{usd(price.value_usd)}{span}",
        Html(f"{markup.escaped(told)}{link}"),
        cost.note,
    )
