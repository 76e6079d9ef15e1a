"""Page one of the dollars brief: what a response costs, what would have to be true, for whom, and what is not known."""

import math

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.roi import accruals
from analysis.brief.roi.dollars import (
    NO_COST,
    REPLACED,
    RESIDENTIAL,
    STAY,
    VISIT,
    Dollars,
    claimed_parts,
    cost_lines,
    first_unknown_share,
    match_days,
    no_shares,
    part_of_year,
    rounded_up,
    state_cost,
    still_filling,
    usd,
    views,
)
from analysis.params import disclosure
from analysis.savings.assumptions import Assumption, one_assumption
from analysis.savings.ledger import ledger_table
from analysis.savings.prices import Cost
from analysis.savings.program import COST_PARTS
from analysis.savings.shares import (
    REGULAR,
    STATE_FUND,
)
from analysis.savings.threshold import (
    OF,
    BreakEven,
    break_even,
    break_even_volume,
    needed_of_100,
)


def title(dollars: Dollars) -> Html:
    """The page's heading."""
    return accruals.title(dollars.accrual, "What the service costs, and what it would take to pay for itself")


def headline(dollars: Dollars) -> Html:
    """What a response costs now, on average and one more."""
    if not dollars.has_cost:
        said = NO_COST
        return Html(f'<p class="headline">{markup.escaped(said)}</p>')
    year = dollars.last_year
    more = (
        f"; one more at today’s capacity adds about {usd(year['one_more_usd'])}"
        if pd.notna(year["one_more_usd"])
        else ""
    )
    said = f"Over the last {dollars.recent_words} ({dollars.recent_span}) a response cost {usd(year['with_call_center_usd'])} on average{more}."
    visit = dollars.prices[VISIT]
    beside = f" An emergency department visit costs Medicaid about {usd(visit.value_usd)} ({usd(visit.low_usd)} to {usd(visit.high_usd)})."
    return Html(f'<p class="headline">{markup.escaped(said + beside)}</p>')


def grade_line(dollars: Dollars) -> Html:
    """The grade, and why."""
    why = (
        "From episode records alone nobody can say how many visits or stays the service replaced. This page says what it costs and "
        "what would have to be true."
    )
    return Html(f"<p><strong>How sure: {markup.escaped(accruals.CANNOT_TELL)}.</strong> {markup.escaped(why)}</p>")


def key_figures(dollars: Dollars) -> Html:
    """The cost of a response and its parts, over the last twelve months with a cost."""
    if not dollars.has_cost:
        return Html("")
    year = dollars.last_year
    whole = year["capacity_usd"] + year["variable_usd"] + year["call_center_usd"]
    seen = dollars.seen_in_person
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
        ("Responses", markup.number(year["responses"]), _in_person(seen, whole)),
        (f"The service, {dollars.recent_words}", usd(whole), "teams, responses and call center; start-up is apart"),
    ]
    late = still_filling(dollars)
    return markup.together(
        markup.cards(cards), Html(f'<p class="note">{markup.escaped(late)}</p>') if late else Html("")
    )


def _in_person(seen: int, whole: float) -> str:
    """How many of the responses were in person, and what each of those cost were it to carry everything."""
    if seen < disclosure().smallest_shown:
        return "in person, by video or by phone"
    return f"{markup.number(seen)} of them in person: {usd(whole / seen)} each, were they to carry it all"


def what_it_takes(dollars: Dollars) -> Html:
    """For whom it pays for itself, and what would have to be true: average cost, the whole of it on one thing."""
    if not dollars.has_cost:
        return _per_hundred_dollars(dollars)
    cost = dollars.last_year["with_call_center_usd"]
    rows = []
    for view in views(dollars):
        needed = [break_even(cost, dollars.prices[item], view) for item in REPLACED]
        rows.append(
            (view.name[0].upper() + view.name[1:], usd(cost * view.cost_share), *(_needed(each) for each in needed))
        )
    heads = ["A response costs it", *(f"{words[0].upper()}{words[1:]}" for words in REPLACED.values())]
    note = (
        "Of 100 responses, how many would have to replace one such visit, stay or year; in brackets, over the range of its price. Each cell charges "
        "the whole cost of the service to one thing, so the cells are alternatives and don’t add up. “More than 100”: out of reach at "
        f"today’s cost of a response. Prices are what Medicaid pays, in dollars of {dollars.price_year}, as if Medicaid paid for everyone."
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
    ('25 (21 to 60)', 'more than 100 (91 at its highest price)')
    """
    if not needed.reachable:
        return (
            f"more than {OF}" if needed.low > OF else f"more than {OF} ({rounded_up(needed.low)} at its highest price)"
        )
    ends = [rounded_up(end) if end <= OF else f"more than {OF}" for end in (needed.low, needed.high)]
    return f"{rounded_up(needed.best)} ({ends[0]} to {ends[1]})"


def _volume_words(dollars: Dollars) -> str:
    """What the numbers of 100 come to at today's use, and what volume would do were each response to replace a hospital stay."""
    year, stay = dollars.last_year, dollars.prices[STAY]
    residential = break_even(year["with_call_center_usd"], dollars.prices[RESIDENTIAL], views(dollars)[0])
    said = f"At today’s use ({markup.number(year['responses'])} responses in {dollars.recent_words})"
    if residential.reachable:
        children = math.ceil(residential.best * year["responses"] / OF - 1e-9)
        said += (
            f", the last column comes to {markup.number(children)} children: {markup.number(residential.best, decimals=1)} "
            f"of 100, {rounded_up(residential.best)} in whole children."
        )
    else:
        said += ", no single column carries the cost."
    if pd.isna(year["one_more_usd"]):
        return said
    volume = break_even_volume(year["capacity_usd"] + year["call_center_usd"], year["one_more_usd"], stay.value_usd)
    if volume is None:
        return f"{said} One more response costs what a hospital stay is worth, or more: no break-even at any volume."
    return f"{said} Cost falls with use: were each response to replace a hospital stay, {rounded_up(volume)} would carry the whole cost."


def _per_hundred_dollars(dollars: Dollars) -> Html:
    lines = []
    for item, price in dollars.prices.items():
        needed, low, high = (needed_of_100(100, each) for each in (price.value_usd, price.high_usd, price.low_usd))
        span = f" ({rounded_up(low)} to {rounded_up(high)} over the range of its price)" if high >= 1 else ""
        lines.append(
            f"For every $100 that a response costs, {rounded_up(needed)} of 100 would have to replace {REPLACED[item]}{span}."
        )
    return markup.list_of(lines)


def general_fund(dollars: Dollars) -> Html:
    """What the service cost the state's general fund by fiscal year, inside and after the enhanced match."""
    if not dollars.has_cost:
        return markup.paragraph(NO_COST)
    if first_unknown_share(dollars) is not None:
        return markup.together(markup.paragraph(no_shares(dollars)), _after_the_match(dollars))
    table = ledger_table(cost_lines(dollars))
    by_part = table.assign(start=table["item"].eq("start_up_usd"), state=table["payer"].eq(STATE_FUND))
    lines = []
    for (year, timing), rows in by_part.groupby(["fiscal_year", "timing"], sort=True):
        running, started = rows[~rows["start"]], rows[rows["start"]]
        whole, state = running["amount_usd"].sum(), running.loc[running["state"], "amount_usd"].sum()
        its_part = started.loc[started["state"], "amount_usd"].sum()
        lines.append(
            (
                f"{year}{part_of_year(dollars, year)}", _timing_words(timing), usd(whole), usd(whole - state), usd(state),
                markup.percent(state / whole, 1) if whole else "", usd(started["amount_usd"].sum()), usd(its_part),
            )
        )  # fmt: skip
    heads = ["Running: all payers", "Federal", "State general fund", "State’s part", "Start-up: all payers", "of it the state"]  # fmt: skip
    caption = "What the service cost, and whom, if claimed as assumed: the running cost, and start-up apart"
    note = f"{_claimed_words(dollars)} Dollars are those of the months, not moved to another year."
    return markup.together(
        markup.table(lines, caption=caption, headers=["Fiscal year", "Enhanced match", *heads], numeric=heads),
        _after_the_match(dollars),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
        _left_out(dollars),
    )


PART_NAMES = {
    "capacity_usd": "the teams",
    "variable_usd": "the responses’ own cost",
    "call_center_usd": "the call center",
    "start_up_usd": "start-up",
}


def _claimed_words(dollars: Dollars) -> str:
    """Which parts of the cost are taken to be claimed from Medicaid, and which way that errs."""
    claimed = claimed_parts(dollars)
    said = ", ".join(f"{markup.percent(claimed[item], 1)} of {words}" for item, words in PART_NAMES.items())
    less = [words for item, words in PART_NAMES.items() if claimed[item] < 1]
    more = (
        f" Were more of {' or of '.join(less)} claimed, the federal part would be larger; were less of the rest, smaller."
        if less
        else " The federal part is the most that it can be."
    )
    return f"Taken as claimed from Medicaid, with every child on it (illustrative): {said}; what is not claimed is the state’s alone.{more}"


def _left_out(dollars: Dollars) -> Html:
    """Responses at sites and in months without a line of cost."""
    without = dollars.state["responses_without_cost"]
    if without < disclosure().smallest_shown:
        return Html("")
    return markup.paragraph(
        f"{markup.number(without)} responses were given at sites or in months for which no cost is entered; they are in none of these figures."
    )


def _timing_words(timing: str) -> str:
    return {"inside": "inside", "after": "after it", "before": "before it", "always": "none claimed"}[timing]


def _after_the_match(dollars: Dollars) -> Html:
    """What the same twelve months would cost the state once the enhanced match has ended."""
    costs = [state_cost(dollars, day) for day in match_days(dollars).values()]
    if len(costs) < 2:
        return Html("")
    inside, after = costs
    said = (
        f"The enhanced match ends on {wording.day_words(dollars.enhanced.to_on)}. The last {dollars.recent_words} would then cost the state, if claimed as assumed below, {usd(after)} "
        f"instead of {usd(inside)}: {markup.number(after / inside, decimals=1)} times as much for the same service."
    )
    return Html(f"<p><strong>{markup.escaped(said)}</strong></p>")


def not_known(dollars: Dollars) -> Html:
    """What nobody has measured, first what the service does, then the parameters that stand in: illustrative, with the reason."""
    lines = [
        "How many visits or stays the service replaced.",
        f"Which {dollars.accrual.study.people} are on Medicaid: prices are applied as if all were.",
    ]
    if here := accruals.on_hand(dollars.accrual.study.name):
        names = f"Records of other agencies ({', '.join(here)})"
        lines.append(f"{accruals.here_for(names)} What is said below to be counted from claims is not counted yet.")
    if dollars.has_cost and dollars.accrual.study.made_up:
        lines.append("What the teams cost by site and month: made up.")
    used = [
        *(dollars.prices[item].cost for item in dollars.prices),
        *(_used_assumptions(dollars) if dollars.has_cost else ()),
    ]
    lines += [
        f"{wording.first_up(each.meaning)} (illustrative, {_value(each)}): {each.note}"
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


def _value(each: Cost | Assumption) -> str:
    if isinstance(each, Cost):
        return usd(each.value_usd)
    said = markup.percent(each.value, 1) if each.kind == "share" else f"{each.value:g}"
    return said if each.low is None else f"{said}, range {each.low:g} to {each.high:g}"
