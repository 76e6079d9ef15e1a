"""The dollars brief from episodes alone: what a response costs, what it would take to pay for itself, for whom, and what is not known."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from analysis.brief import figures, markup, panels, roi, wording
from analysis.brief.markup import Html
from analysis.brief.roi import Accrual
from analysis.effect.index_crisis import TOTAL, bound_diversion, count_index_crises, pool_small
from analysis.params import disclosure
from analysis.savings.assumptions import Assumption, one_assumption, read_assumptions
from analysis.savings.borrowed import fewer_children_with_a_visit, fewer_visits
from analysis.savings.ledger import Line, Quantity, Route, fiscal_year, ledger_table, payer_lines, timing_of
from analysis.savings.prices import Cost, Price, one_cost, price_in, read_costs, read_indices
from analysis.savings.program import COST_PARTS, add_responses, count_cost_per_response, program_lines, read_program
from analysis.savings.shares import (
    ENHANCED,
    REGULAR,
    STATE_FUND,
    EnhancedMatch,
    ShareLine,
    enhanced_match,
    payer_shares,
    read_shares,
)
from analysis.savings.threshold import (
    OF,
    BreakEven,
    Perspective,
    break_even,
    break_even_volume,
    needed_of_100,
    pairs,
)
from analysis.tables import SAVINGS_TABLE

VISIT, STAY, RESIDENTIAL = "ed_visit", "inpatient_stay", "residential_child_year"
REPLACED = {
    VISIT: "an emergency department visit",
    STAY: "a psychiatric hospital stay",
    RESIDENTIAL: "a child’s year in residential treatment",
}
PAIR_VISITS = (0, 25, 50, 75, 100)  # of 100 responses, for the line of pairs
YEAR_MONTHS = 12
NO_COST = "Nobody has entered what the service costs (params/{study}/program.csv), so no cost of a response can be worked out."
NEEDS_COST = markup.paragraph("This needs what the service costs.")


@dataclass(frozen=True)
class Dollars:
    """Everything that the dollars brief stands on. `months` has one row a site and month (analysis.savings.program)."""

    accrual: Accrual
    costs: tuple[Cost, ...]
    prices: dict[str, Price]
    shares: tuple[ShareLine, ...]
    assumptions: tuple[Assumption, ...]
    enhanced: EnhancedMatch | None
    months: pd.DataFrame

    @property
    def price_year(self) -> int:
        return self.accrual.study.money.price_year

    @property
    def has_cost(self) -> bool:
        """True where the study says what its teams cost."""
        return bool(self.months["capacity_usd"].notna().any())

    @property
    def state(self) -> pd.Series:
        """The cost of a response over the span, statewide."""
        return count_cost_per_response(self.months, by=()).iloc[0]

    @property
    def last_year(self) -> pd.Series:
        """The cost of a response over the last twelve months with a cost: what the running service costs now."""
        costed = self.months.loc[self.months["capacity_usd"].notna(), "month"]
        recent = self.months[
            self.months["month"].gt(costed.max() - YEAR_MONTHS) & self.months["month"].le(costed.max())
        ]
        return count_cost_per_response(recent, by=()).iloc[0]


def open_dollars(study: str, period: str) -> Dollars:
    """The numbers of the brief; a sentence (ParamsError) where params/ is not sound or names no money."""
    accrual = roi.open_accrual(study, period)
    money = accrual.study.money
    if money is None:
        raise roi.ParamsError(
            f"params/{study}/study.yml: money is missing: name the state and the price year for the dollars brief."
        )
    costs, indices, shares = read_costs(study), read_indices(), read_shares(study)
    enhanced = None
    if money.enhanced_from is not None:
        enhanced = enhanced_match(money.state, money.enhanced_from, shares, quarters=money.enhanced_quarters)
    prices = {item: price_in(one_cost(costs, item), money.price_year, indices) for item in REPLACED}
    return Dollars(accrual, costs, prices, shares, read_assumptions(study), enhanced, _months(accrual))


def _months(accrual: Accrual) -> pd.DataFrame:
    """Cost and responses by site and month of the span."""
    program = read_program(accrual.study.name)
    program = program[program["month"].between(accrual.period.first, accrual.period.last)]
    counted = accrual.episodes.assign(month=accrual.episodes["counted_on"].dt.to_period("M"))
    responses = counted.groupby(["site_id", "month"]).size().rename("responses").reset_index()
    return add_responses(program, responses)


def title(dollars: Dollars) -> Html:
    """The page's heading."""
    return roi.title(dollars.accrual, "What the service costs, and what it would take to pay for itself")


# --- page one --------------------------------------------------------------------------------------------------------


def headline(dollars: Dollars) -> Html:
    """What a response costs now, on average and one more."""
    if not dollars.has_cost:
        said = NO_COST.format(study=dollars.accrual.study.name)
        return Html(f'<p class="headline">{markup.escaped(said)}</p>')
    year = dollars.last_year
    more = (
        f"; one more at today’s capacity adds about {usd(year['one_more_usd'])}"
        if pd.notna(year["one_more_usd"])
        else ""
    )
    said = f"Over the last twelve months a response cost {usd(year['with_call_center_usd'])} on average{more}."
    visit = dollars.prices[VISIT]
    beside = f" An emergency department visit costs Medicaid about {usd(visit.value_usd)}."
    return Html(f'<p class="headline">{markup.escaped(said + beside)}</p>')


def usd(amount: float) -> str:
    """Dollars as a sentence prints them: whole dollars, a minus sign in front.

    >>> usd(1519.4), usd(-20.2)
    ('$1,519', '−$20')
    """
    return f"{'−' if round(amount) < 0 else ''}${markup.number(abs(amount))}"


def grade_line(dollars: Dollars) -> Html:
    """The grade, and why."""
    why = (
        "From episode records alone nobody can say how many visits or stays the service replaced. This page says what it costs and "
        "what would have to be true."
    )
    return Html(f"<p><strong>How sure: {markup.escaped(roi.CANNOT_TELL)}.</strong> {markup.escaped(why)}</p>")


def key_figures(dollars: Dollars) -> Html:
    """The cost of a response and its parts, over the last twelve months with a cost."""
    if not dollars.has_cost:
        return Html("")
    year = dollars.last_year
    whole = year["capacity_usd"] + year["variable_usd"] + year["call_center_usd"]
    cards = [
        (
            "A response, on average",
            usd(year["with_call_center_usd"]),
            f"of which the call center {usd(year['with_call_center_usd'] - year['average_usd'])}",
        ),
        (
            "One more response",
            usd(year["one_more_usd"]) if pd.notna(year["one_more_usd"]) else "not known",
            "while the teams have room",
        ),
        ("Responses", markup.number(year["responses"]), "in twelve months"),
        ("The service, a year", usd(whole), "teams, responses and call center; start-up is apart"),
    ]
    return markup.cards(cards)


def general_fund(dollars: Dollars) -> Html:
    """What the service cost the state's general fund by fiscal year, inside and after the enhanced match."""
    if not dollars.has_cost:
        return markup.paragraph(NO_COST.format(study=dollars.accrual.study.name))
    table = ledger_table(cost_lines(dollars))
    lines = []
    for (year, timing), rows in table.groupby(["fiscal_year", "timing"], sort=True):
        whole, state = rows["amount_usd"].sum(), rows.loc[rows["payer"].eq(STATE_FUND), "amount_usd"].sum()
        lines.append(
            (
                f"{year}{_part_of(dollars, year)}",
                _timing_words(timing),
                usd(whole),
                usd(whole - state),
                usd(state),
                markup.percent(state / whole, 1),
            )
        )
    heads = ["All payers", "Federal", "State general fund", "State’s part"]
    caption = "What the service cost, and whom"
    return markup.together(
        markup.table(lines, caption=caption, headers=["Fiscal year", "Enhanced match", *heads], numeric=heads),
        _after_the_match(dollars),
    )


def _part_of(dollars: Dollars, year: str) -> str:
    """A star where the span holds only a part of the fiscal year."""
    months = dollars.accrual.study.period(year).months
    covered = [month for month in months if dollars.accrual.period.first <= month <= dollars.accrual.period.last]
    return "" if len(covered) == len(months) else f" ({len(covered)} months)"


def _timing_words(timing: str) -> str:
    return {"inside": "inside", "after": "after it", "before": "before it", "always": "none claimed"}[timing]


def _after_the_match(dollars: Dollars) -> Html:
    """What the same twelve months would cost the state once the enhanced match has ended."""
    if dollars.enhanced is None:
        return Html("")
    inside, after = _state_cost(dollars)
    said = (
        f"The enhanced match ends on {wording.day_words(dollars.enhanced.to_on)}. The last twelve months would then cost the state {usd(after)} "
        f"instead of {usd(inside)}: {markup.number(after / inside, decimals=1)} times as much for the same service."
    )
    return Html(f"<p><strong>{markup.escaped(said)}</strong></p>")


def what_it_takes(dollars: Dollars) -> Html:
    """For whom it pays for itself, and what would have to be true: average cost, the whole of it on one thing."""
    if not dollars.has_cost:
        return _per_hundred_dollars(dollars)
    cost = dollars.last_year["with_call_center_usd"]
    rows = []
    for view in _views(dollars):
        needed = [break_even(cost, dollars.prices[item], view) for item in REPLACED]
        rows.append(
            (view.name[0].upper() + view.name[1:], usd(cost * view.cost_share), *(_needed(each) for each in needed))
        )
    heads = ["A response costs it", *(f"{words[0].upper()}{words[1:]}" for words in REPLACED.values())]
    note = (
        "Of 100 responses, how many would have to replace one such visit, stay or year; in brackets, over the range of its price. Each cell charges "
        "the whole cost of the service to one thing, so the cells are alternatives and don’t add up. “Out of reach”: even 100 of 100 would not do at "
        f"today’s cost of a response. Prices are what Medicaid pays, in dollars of {dollars.price_year}, as if Medicaid paid for every child."
    )
    return markup.together(
        markup.table(
            rows,
            caption="It pays for itself if, of 100 responses, this many replaced …",
            headers=["Whose dollars", *heads],
            numeric=heads,
        ),
        markup.paragraph(_volume_words(dollars)),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _needed(needed: BreakEven) -> str:
    """Of 100 responses, with the range over the price; out of reach where more than 100 would be needed.

    >>> _needed(BreakEven("x", "y", 100, 24.2, 20.1, 60.0)), _needed(BreakEven("x", "y", 100, 240.2, 90.5, 600.0))
    ('25 (21 to 60)', 'out of reach (91 at its highest price)')
    """
    if not needed.reachable:
        return "out of reach" if needed.low > OF else f"out of reach ({_up(needed.low)} at its highest price)"
    ends = [_up(end) if end <= OF else "out of reach" for end in (needed.low, needed.high)]
    return f"{_up(needed.best)} ({ends[0]} to {ends[1]})"


def _volume_words(dollars: Dollars) -> str:
    """What volume would do, were every response to replace a hospital stay."""
    year, stay = dollars.last_year, dollars.prices[STAY]
    if pd.isna(year["one_more_usd"]):
        return "What one more response adds is not known, so no volume can be named."
    volume = break_even_volume(year["capacity_usd"] + year["call_center_usd"], year["one_more_usd"], stay.value_usd)
    if volume is None:
        return "One more response costs what a hospital stay is worth, or more: no break-even at any volume."
    return (
        f"Cost falls with use: the same teams gave {markup.number(year['responses'])} responses in twelve months. If each replaced a hospital stay, "
        f"{_up(volume)} a year would carry all of Medicaid’s cost; if one in ten did, {_tenth(year, stay)}."
    )


def _tenth(year: pd.Series, stay: Price) -> str:
    volume = break_even_volume(
        year["capacity_usd"] + year["call_center_usd"], year["one_more_usd"], stay.value_usd / 10
    )
    return "no volume would" if volume is None else f"{_up(volume)} would"


def _views(dollars: Dollars) -> tuple[Perspective, ...]:
    """Medicaid's funds together, and the state's general fund on the last day of the enhanced match and the day after.

    The state's part of the cost is what it really bears: what is not claimed from Medicaid is its alone.
    """
    views = [Perspective("Medicaid, all funds", 1.0, 1.0, ("medicaid",))]
    if dollars.enhanced is not None:
        ends = dollars.enhanced.to_on
        inside, after = _state_cost(dollars)
        for name, day, cost in (
            ("inside the enhanced match", ends, inside),
            ("after it", ends + timedelta(days=1), after),
        ):
            worth = payer_shares(REGULAR, dollars.enhanced.state, day, dollars.shares)[STATE_FUND]
            views.append(Perspective(f"state general fund, {name}", cost / _whole_year(dollars), worth, ("medicaid",)))
    return tuple(views)


def _whole_year(dollars: Dollars) -> float:
    year = dollars.last_year
    return float(sum(year[item] for item in COST_PARTS if item != "start_up_usd"))


def _state_cost(dollars: Dollars) -> tuple[float, float]:
    """What the last twelve months cost the state's general fund on the last day of the enhanced match, and the day after."""
    ends, state = dollars.enhanced.to_on, dollars.enhanced.state
    raised = payer_shares(ENHANCED, state, ends, dollars.shares, enhanced=dollars.enhanced)[STATE_FUND]
    regular = payer_shares(REGULAR, state, ends + timedelta(days=1), dollars.shares)[STATE_FUND]
    year, claimed = dollars.last_year, _claimed(dollars)
    parts = {item: year[item] for item in COST_PARTS if item != "start_up_usd"}
    inside, after = (
        float(sum(cost * (claimed[item] * share + 1 - claimed[item]) for item, cost in parts.items()))
        for share in (raised, regular)
    )
    return inside, after


def _per_hundred_dollars(dollars: Dollars) -> Html:
    lines = []
    for item, price in dollars.prices.items():
        needed, low, high = (needed_of_100(100, each) for each in (price.value_usd, price.high_usd, price.low_usd))
        span = f" ({_up(low)} to {_up(high)} over the range of its price)" if high >= 1 else ""
        lines.append(
            f"For every $100 that a response costs, {_up(needed)} of 100 would have to replace {REPLACED[item]}{span}."
        )
    return markup.list_of(lines)


def _up(number: float) -> str:
    return f"{math.ceil(number - 1e-9):,}" if number >= 1 else "fewer than 1"


def not_known(dollars: Dollars) -> Html:
    """What nobody has measured, first what the service does, then the parameters that stand in: illustrative, with the reason."""
    lines = [
        "How many visits or stays the service replaced.",
        "Which children are on Medicaid: prices are applied as if all were.",
    ]
    if dollars.has_cost and dollars.accrual.study.made_up:
        lines.append("What the teams cost by site and month (program.csv): made up.")
    used = [
        *(dollars.prices[item].cost for item in dollars.prices),
        *(_used_assumptions(dollars) if dollars.has_cost else ()),
    ]
    lines += [
        f"{_first(each.meaning)} (illustrative, {_value(each)}): {each.note}"
        for each in used
        if each.evidence == "illustrative"
    ]
    lines += [
        f"The state’s share of Medicaid from {wording.day_words(line.from_on)} (illustrative, {markup.number(100 * line.share, decimals=2)}%): {line.note}."
        for line in dollars.shares
        if line.evidence == "illustrative" and line.program == REGULAR and line.payer == STATE_FUND
    ]
    return markup.list_of(dict.fromkeys(lines))


def _used_assumptions(dollars: Dollars) -> list[Assumption]:
    items = ("later_ed_visits_per_child", "ed_visit_risk", *(f"claimed_{item}" for item in COST_PARTS))
    return [one_assumption(dollars.assumptions, item) for item in items]


def _first(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _value(each: Cost | Assumption) -> str:
    if isinstance(each, Cost):
        return usd(each.value_usd)
    said = markup.percent(each.value, 1) if each.kind == "share" else f"{each.value:g}"
    return said if each.low is None else f"{said}, range {each.low:g} to {each.high:g}"


# --- behind page one -------------------------------------------------------------------------------------------------


def _claimed(dollars: Dollars) -> dict[str, float]:
    return {item: one_assumption(dollars.assumptions, f"claimed_{item}").value for item in COST_PARTS}


def cost_lines(dollars: Dollars) -> list[Line]:
    """What the service cost each payer."""
    if not dollars.has_cost:
        return []
    return program_lines(
        dollars.months, claimed=_claimed(dollars), state=dollars.accrual.study.money.state, shares=dollars.shares, enhanced=dollars.enhanced,
        route=Route("episodes_alone", "program", 0), fiscal_year_starts=dollars.accrual.study.fiscal_year_starts, price_year=dollars.price_year,
    )  # fmt: skip


def visit_lines(dollars: Dollars) -> list[Line]:
    """The two ends of the ED visits at the crisis, priced, by month and payer; none where shares or counts do not allow it."""
    accrual, money = dollars.accrual, dollars.accrual.study.money
    if not any(line.program == REGULAR and line.state == money.state for line in dollars.shares):
        return []
    years = accrual.episodes.assign(
        year=[
            fiscal_year(day.date(), starts=accrual.study.fiscal_year_starts) for day in accrual.episodes["counted_on"]
        ]
    )
    by_year = count_index_crises(years, "year")
    if len(pool_small(by_year, smallest=disclosure().smallest_shown)) < len(by_year):
        return []
    months = accrual.episodes.assign(month=accrual.episodes["counted_on"].dt.to_period("M").astype(str))
    bounded = bound_diversion(count_index_crises(months, "month"), accrual.rules)
    lines = []
    for month, row in bounded.iterrows():
        first = date.fromisoformat(f"{month}-01")
        shares = payer_shares(REGULAR, money.state, first, dollars.shares)
        for end in ("low", "high"):
            number = float(row[f"fewer_{end}"])
            lines += payer_lines(
                Quantity(number, number, number, first), dollars.prices[VISIT], shares, program=REGULAR,
                route=Route("episodes_alone", f"index_crisis_{end}_bound", 0), fiscal_year_starts=accrual.study.fiscal_year_starts,
                timing=timing_of(first, dollars.enhanced),
            )  # fmt: skip
    return lines


def visits_priced(dollars: Dollars) -> Html:
    """ED visits at the crisis at what Medicaid pays, by fiscal year and payer: two ends, never one number."""
    lines = visit_lines(dollars)
    if not lines:
        row = bound_diversion(count_index_crises(dollars.accrual.episodes), dollars.accrual.rules).loc[TOTAL]
        price = dollars.prices[VISIT].value_usd
        return markup.paragraph(
            f"All payers together: between {usd(row['fewer_low'] * price)} and {usd(row['fewer_high'] * price)} at {usd(price)} a visit. "
            f"The shares of {dollars.accrual.study.money.state} are not in params/shares.csv, so nothing is split over payers."
        )
    table = ledger_table(lines)
    wide = table.pivot_table(values="amount_usd", index=["fiscal_year", "payer"], columns="route", aggfunc="sum")
    rows = [
        (year, payer.replace("_", " "), usd(row["index_crisis_low_bound"]), usd(row["index_crisis_high_bound"]))
        for (year, payer), row in wide.iterrows()
    ]
    heads = ["At least", "At most"]
    price = dollars.prices[VISIT]
    note = f"At {usd(price.value_usd)} a visit in dollars of {price.price_year}. A minus sign means that more was spent. The two ends are not equally likely, and no number between them is known to be better."
    return markup.together(
        markup.table(
            rows,
            caption="Emergency department visits at the crisis, at what Medicaid pays",
            headers=["Fiscal year", "Payer", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def by_site(dollars: Dollars) -> Html:
    """The cost of a response by site over the last twelve months with a cost; small sites added up."""
    if not dollars.has_cost:
        return NEEDS_COST
    costed = dollars.months.loc[dollars.months["capacity_usd"].notna(), "month"]
    recent = dollars.months[dollars.months["month"].gt(costed.max() - YEAR_MONTHS)]
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
            lines, caption="Cost of a response by site, last twelve months", headers=["Site", *heads], numeric=heads
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
    return months["site_id"].where(~months["site_id"].isin(pooled), "small sites together")


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
        rows, caption="Two questions, two costs (all Medicaid funds)", headers=["Question", *heads], numeric=heads
    )


def _of_100(cost: float, price: Price) -> str:
    needed = needed_of_100(cost, price.value_usd)
    return _up(needed) if needed <= 100 else "more than 100: not by ED visits alone"


def line_of_pairs(dollars: Dollars) -> Html:
    """How many ED visits and how many hospital stays of 100 would together pay for the service, Medicaid's funds together."""
    if not dollars.has_cost:
        return NEEDS_COST
    view = Perspective("Medicaid, all funds", 1.0, 1.0, ("medicaid",))
    found = pairs(
        dollars.last_year["with_call_center_usd"], dollars.prices[VISIT], dollars.prices[STAY], view, firsts=PAIR_VISITS
    )
    rows = [
        (
            markup.number(pair.first),
            _up(pair.second) if pair.second else "0",
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


def borrowed(dollars: Dollars) -> Html:
    """Connecticut's effect on local volumes: what it would come to here if it held here."""
    children = int(dollars.accrual.episodes["child_id"].nunique())
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
            caption=f"Borrowed, not measured here: {markup.number(children)} children",
            headers=["In the 18 months after the crisis", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _range(found) -> str:
    return f"{markup.number(found.best)} ({markup.number(found.low)} to {markup.number(found.high)})"


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
    return _first(cost.meaning), f"{usd(price.value_usd)}{span}", Html(f"{markup.escaped(told)}{link}"), cost.note


def what_to_ask(dollars: Dollars) -> Html:
    """Which table would narrow the answer most, in dollars."""
    row = bound_diversion(count_index_crises(dollars.accrual.episodes), dollars.accrual.rules).loc[TOTAL]
    visit, stay, residential = (dollars.prices[item].value_usd for item in (VISIT, STAY, RESIDENTIAL))
    lines = [
        f"Medicaid claims: emergency department visits are worth at most {usd((row['fewer_high'] - row['fewer_low']) * visit)} between the two ends; one hospital stay is worth "
        f"{markup.number(stay / visit, decimals=1)} visits, and nothing is known of stays.",
        f"Child-welfare placements: one child’s year in residential treatment is worth {markup.number(residential / visit)} visits. Few are needed to turn the answer, so few must be counted well.",
        "Detention: days are paid by counties and are in no other table.",
    ]
    command = f"make request STUDY={dollars.accrual.study.name}"
    return markup.together(
        markup.list_of(lines, ordered=True),
        markup.paragraph(f"{command} writes the request: tables, columns, years, codes."),
    )


def publish(dollars: Dollars) -> None:
    """Stage savings.csv: the program's cost by payer, and the two ends of the visits at the crisis."""
    roi.stage(
        dollars.accrual,
        ledger_table([*cost_lines(dollars), *visit_lines(dollars)]),
        SAVINGS_TABLE,
        notebook="cost_savings",
    )


def last_line(dollars: Dollars) -> Html:
    """What the page was made from."""
    return panels.last_line(dollars.accrual.study)
