"""Behind page one of the dollars brief: visits and stays together, the priced bounds, Connecticut's effect, sites, sources."""

import pandas as pd

from analysis.brief import figures, markup, wording
from analysis.brief.markup import Html
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
    rounded_up,
    usd,
    visit_lines,
)
from analysis.effect.index_crisis import TOTAL, bound_diversion, count_index_crises
from analysis.params import disclosure
from analysis.savings.assumptions import one_assumption
from analysis.savings.borrowed import fewer_children_with_a_visit, fewer_visits
from analysis.savings.ledger import ledger_table
from analysis.savings.prices import Price
from analysis.savings.program import count_cost_per_response
from analysis.savings.threshold import (
    Perspective,
    needed_of_100,
    pairs,
)

OTHERS = "all other sites together"


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


def by_site_and_month(dollars: Dollars) -> Html:
    """The average cost of a response by site and month; sites with a small month are added up, in every month."""
    if not dollars.has_cost:
        return Html("")
    recent = dollars.recent[dollars.recent["capacity_usd"].notna()]
    least = recent.groupby("site_id")["responses"].min()
    shown = least[least.ge(disclosure().smallest_shown)].index
    rest = recent[~recent["site_id"].isin(shown)].groupby("month")["responses"].sum()
    if shown.empty or rest.between(1, disclosure().smallest_shown - 1).any():
        return markup.paragraph("By site and month: too few responses to show.")
    together = recent.assign(site_id=recent["site_id"].where(recent["site_id"].isin(shown), OTHERS))
    wide = count_cost_per_response(together, by=["month", "site_id"]).pivot_table(
        values="average_usd", index="month", columns="site_id"
    )
    names = dict(zip(dollars.accrual.sites["site_id"], dollars.accrual.sites["name"], strict=True))
    order = sorted(wide.columns, key=lambda site: (site == OTHERS, names.get(site, site)))
    heads = [names.get(site, site) for site in order]
    lines = [
        (month.strftime("%b %Y"), *(usd(value) if pd.notna(value) else "" for value in row[order]))
        for month, row in wide.iterrows()
    ]
    table = markup.table(
        lines,
        caption="Cost of a response by month and site, without the call center",
        headers=["Month", *heads],
        numeric=heads,
    )
    return markup.details("By month and site", table)


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
            year,
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


def by_site(dollars: Dollars) -> Html:
    """The cost of a response by site over the last twelve months with a cost; small sites added up."""
    if not dollars.has_cost:
        return NEEDS_COST
    recent = dollars.recent
    names = dict(zip(dollars.accrual.sites["site_id"], dollars.accrual.sites["name"], strict=True))
    groups = count_cost_per_response(recent.assign(site_id=_pooled_sites(recent)), by=["site_id"])
    lines = [
        (names.get(row.site_id, row.site_id), markup.number(row.responses), usd(row.capacity_usd), *_average(row))
        for row in sorted(
            groups.itertuples(), key=lambda row: (row.site_id not in names, names.get(row.site_id, row.site_id))
        )
    ]
    heads = ["Responses", "Teams", "A response, on average", "One more"]
    note = "Teams stand ready whatever the number of calls: where few call, each response carries more of that cost. A high figure is no verdict on the team."
    return markup.together(
        markup.table(
            lines,
            caption=f"Cost of a response by site, last {dollars.recent_words}, without the call center",
            headers=["Site", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{note}</p>'),
    )


def _average(row) -> tuple[str, str]:
    return tuple(usd(value) if pd.notna(value) else "no response" for value in (row.average_usd, row.one_more_usd))


def _pooled_sites(months: pd.DataFrame) -> pd.Series:
    """The site of each row, or one name for all sites with a small number of responses and, if need be, the next smallest."""
    smallest = disclosure().smallest_shown
    size = months.groupby("site_id")["responses"].sum().sort_values(kind="stable")
    pooled = set(size[size.between(1, smallest - 1)].index)
    while pooled and (len(pooled) < 2 or size[list(pooled)].sum() < smallest) and len(pooled) < len(size):
        pooled.add(size.drop(list(pooled)).index[0])
    return months["site_id"].where(~months["site_id"].isin(pooled), OTHERS)


def by_month(dollars: Dollars) -> Html:
    """The average cost of a response by month, statewide."""
    if not dollars.has_cost:
        return Html("")
    months = count_cost_per_response(dollars.months[dollars.months["capacity_usd"].notna()], by=["month"])
    few = months["responses"].between(1, disclosure().smallest_shown - 1)
    points = pd.DataFrame(
        {
            "label": months["month"].dt.strftime("%b\n%Y"),
            "value": months["average_usd"].mask(few),
            "low": float("nan"),
            "high": float("nan"),
            "state": [figures.HIDDEN if hidden else figures.NO_RECORDS if pd.isna(value) else figures.COMPLETE for hidden, value in zip(few, months["average_usd"], strict=True)],
            "note": "",
            "definition": "",
        }
    )  # fmt: skip
    drawing = figures.draw_months(
        points, unit="count", title="Cost of a response in dollars, by month", place=dollars.accrual.study.title
    )
    note = "Teams and responses; without call center and start-up. Months with few calls cost more each: the teams stand ready all the same."
    return markup.figure(
        drawing.svg, alt=drawing.alt, caption="Cost of a response, dollars, by month", note=note, name="cost"
    )


def what_to_ask(dollars: Dollars) -> Html:
    """Which table would narrow the answer most, in dollars."""
    row = bound_diversion(count_index_crises(dollars.accrual.episodes), dollars.accrual.rules).loc[TOTAL]
    visit, stay, residential = (dollars.prices[item].value_usd for item in (VISIT, STAY, RESIDENTIAL))
    lines = [
        f"Medicaid claims: between its two ends the number of emergency department visits is worth up to "
        f"{usd((row['fewer_high'] - row['fewer_low']) * dollars.prices[VISIT].high_usd)} at the highest price; one hospital stay is worth "
        f"{markup.number(stay / visit, decimals=1)} visits, and nothing is known of stays.",
        f"Child-welfare placements: one child’s year in residential treatment is worth {markup.number(residential / visit)} visits. Few are needed to turn the answer, so few must be counted well.",
        "Detention: days are paid by counties and are in no other table.",
    ]
    command = f"make request STUDY={dollars.accrual.study.name}"
    return markup.together(
        markup.list_of(lines, ordered=True),
        markup.paragraph(f"{command} writes the request: tables, columns, years, codes."),
    )


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
