"""The cards of params/measures.yml: what each measure counts, its unit, direction, clocks, targets and review."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from analysis.params import (
    ROOT,
    Clock,
    Dated,
    ParamsError,
    Record,
    Share,
    Study,
    Target,
    Words,
    did_you_mean,
    read_record,
    shown,
)
from analysis.periods import Period
from analysis.quality.measures import MEASURES, Choices
from analysis.quality.rows import KINDS
from analysis.quality.scales import Scale, read_scales
from analysis.quality.waits import RESTRICTED_BY, clock_columns
from analysis.tables import AGE_BANDS, RECEIVED, URGENCIES

MEASURES_FILE = Path("params") / "measures.yml"

Level = Annotated[float, Field(gt=0.5, lt=1)]

# A column that a card needs: one of the episodes by its name, one of another table as table.column.
NEEDED = tuple(
    name if table == "episodes" else f"{table}.{name}" for table, each in RECEIVED.items() for name in each.names
)
BY_CHILD = ("episodes", "discharges")  # kinds of row that say who the child is
UNITS = ("count", "rate", "share", "minutes", "mix", "score", "mean", "per_child", "number", "portion")


class Card(Record):
    """One measure in words and choices.

    `asks` is the question of results-based accountability that it answers: how much did we do, how well, is anyone better off.
    `of` is the kind of row that it counts (analysis/quality/rows.py), `beside` the tables that it looks at beside them;
    `as_of: end` says that of a period only the last month's snapshot counts.

    `unit` says how its values become a figure: distinct ids (count), distinct ids per 1,000 children and year (rate; `per` names
    the children), part of those measurable (share), a quantile (minutes), a share for each category (mix), a mean with a t interval
    (score for a change that has a sign, mean), rows for each distinct child (per_child), a sum (number), a part of what there is, of which nothing is a sample
    (portion). `hide` says what of it counts children: the denominator alone (people), the numerator too (all), nothing (none).

    `adds_up` is false where a longer period is not the sum of its months. `hours` are those at which the bands of a time-of-day
    mix begin, `days` the length of a window, `urgency` the calls to which the clocks are restricted. `equity` says that the
    figure is also given for groups of children (analysis/quality/equity.py).
    """

    asks: Literal["how_much", "how_well", "better_off"]
    of: Literal[tuple(KINDS)] = "episodes"
    beside: tuple[Literal[tuple(RECEIVED)], ...] = ()
    as_of: Literal["end"] | None = None

    title: Words
    short: Words
    page_one: Words
    counts: Words
    out_of: Words
    unit: Literal[UNITS]
    per: Literal["children", "children_in_poverty"] | None = None
    better: Literal["higher", "lower", "neither"]
    hide: Literal["people", "all", "none"]
    needs: tuple[Literal[NEEDED], ...] = ()
    targets: tuple[Target, ...] = ()
    clocks: tuple[Clock, ...] | None = None
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    hours: tuple[Annotated[int, Field(ge=0, le=23)], ...] = ()
    days: Annotated[int, Field(ge=1)] | None = None
    urgency: Literal[tuple(URGENCIES)] | None = None
    limited: bool = False
    equity: bool = False
    adds_up: bool = True
    most_not_measurable: Share | None = None
    why: Words
    source: Words
    written_by: Words
    checked_by: Words
    reviewed_on: date
    review_again_on: date

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not 2 <= len(self.short.split()) <= 4:
            raise ValueError(f'short has 2 to 4 words, "{self.short}" has {len(self.short.split())}')
        if self.review_again_on <= self.reviewed_on:
            raise ValueError(f"review_again_on ({self.review_again_on}) is not after reviewed_on ({self.reviewed_on})")
        if (self.unit == "minutes") != (self.quantile is not None):
            raise ValueError("quantile belongs to a card whose unit is minutes, and to no other")
        if (self.unit == "rate") != (self.per is not None):
            raise ValueError("per belongs to a card whose unit is rate, and to no other")
        if self.urgency is not None and self.clocks is None:
            raise ValueError("urgency restricts the clocks of a card, and this one has none")
        if self.equity and (self.of not in BY_CHILD or self.unit not in ("share", "rate", "count")):
            raise ValueError(
                f"equity is for a share, count or rate of {' or '.join(BY_CHILD)}; this is a {self.unit} of {self.of}"
            )
        if self.hours and (self.hours[0] != 0 or any(a >= b for a, b in pairwise(self.hours))):
            raise ValueError("hours start at 0 and increase")
        if self.targets and self.unit != "share":
            raise ValueError(f"targets are for a share; the unit is {self.unit}")
        if self.targets and self.clocks is not None:
            raise ValueError("the target of a measure with clocks is the target_share of each clock")
        return self


class Cards(Record):
    """params/measures.yml: every card, and what holds for all of them.

    `page_one` are the measures of the state's page one and `scorecard` those of a site's, in their order: single figures, whose charts are
    judged every month. `scales` are those of params/scales.yml. `confidence` is that of the intervals shown and of a target met or
    missed, `change_confidence` that of a change;
    `most_not_measurable` is the largest part of the episodes that may be unmeasured before a figure is withheld (a card may
    set its own); `fewest_for_change` the fewest cases on either side of a change.
    """

    confidence: Level
    change_confidence: Level
    most_not_measurable: Share
    fewest_for_change: Annotated[int, Field(ge=1)]
    page_one: Annotated[tuple[str, ...], Field(min_length=1, max_length=12)]
    scorecard: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]
    cards: dict[str, Card]
    scales: dict[str, Scale] = {}

    def most_unmeasured(self, measure: str) -> float:
        """The largest part of the episodes of this measure that may be unmeasured."""
        own = self.cards[measure].most_not_measurable
        return self.most_not_measurable if own is None else own


def read_cards(study: Study, *, root: Path = ROOT) -> Cards:
    """The cards as this study uses them, its own clocks and targets in place of the file's.

    A card without a function, a function without a card, a target of a measure that is not there, and two clocks or targets
    that hold for one episode are each a ParamsError.

    >>> from analysis import params
    >>> read_cards(params.study("demo")).cards["in_person_share"].page_one
    'seen in person'
    """
    where = shown(root / MEASURES_FILE)
    cards = read_record(root / MEASURES_FILE, Cards)
    _check_functions(cards, where)
    _check_listed(cards, where)
    own = f"params/{study.name}/study.yml"
    _check_targets(cards, study, own)
    in_study = {name: _in_study(name, card, study, where, own) for name, card in cards.cards.items()}
    return cards.model_copy(update={"cards": in_study, "scales": read_scales(root=root)})


def _check_functions(cards: Cards, where: str) -> None:
    for name in cards.cards:
        if name not in MEASURES:
            raise ParamsError(
                f'{where}: the card "{name}" has no function in analysis/quality/measures/'
                f"{did_you_mean(name, list(MEASURES))}. Correct its name or write the function."
            )
    for name in MEASURES:
        if name not in cards.cards:
            raise ParamsError(f'{where}: the measure "{name}" of analysis/quality/measures/ has no card. Write one.')


def _check_listed(cards: Cards, where: str) -> None:
    for name, listed in (("page_one", cards.page_one), ("scorecard", cards.scorecard)):
        for measure in listed:
            if measure not in cards.cards:
                known = did_you_mean(measure, list(cards.cards))
                raise ParamsError(f'{where}: {name}: "{measure}" is not a measure{known}.')
            if cards.cards[measure].unit == "mix":
                raise ParamsError(f"{where}: {name}: {measure} is a mix, which has no chart over time. Leave it out.")
        if twice := next((measure for measure in listed if listed.count(measure) > 1), None):
            raise ParamsError(f"{where}: {name}: {twice} stands twice. Keep one.")


def _check_targets(cards: Cards, study: Study, where: str) -> None:
    for name in study.targets:
        if name not in cards.cards:
            raise ParamsError(f'{where}: targets: "{name}" is not a measure{did_you_mean(name, list(cards.cards))}.')
        card = cards.cards[name]
        if card.unit != "share" or card.clocks is not None:
            instead = "Give target_share to its clock." if card.clocks is not None else "Only a share has a target."
            raise ParamsError(f"{where}: targets: {name} takes none. {instead}")


def _in_study(name: str, card: Card, study: Study, where: str, own: str) -> Card:
    clocks, targets, source = card.clocks, card.targets, where
    if clocks is not None and study.clocks is not None:
        clocks, source = study.clocks, own
    if name in study.targets:
        targets, source = study.targets[name], own
    if clocks is not None and card.urgency is not None:
        clocks = tuple(
            _for_urgency(clock, card.urgency) for clock in clocks if card.urgency in (clock.urgency or URGENCIES)
        )
    if clocks is not None:
        _check_reach(clocks, f"{source}: clocks")
        _check_one_at_a_time(clocks, f"{source}: clocks", _may_share_an_episode)
        if card.unit == "share":
            targets = tuple(_clock_target(clock) for clock in clocks if clock.target_share is not None)
    else:
        _check_one_at_a_time(targets, f"{source}: targets of {name}", lambda one, other: True)
    return card.model_copy(update={"clocks": clocks, "targets": targets})


def _for_urgency(clock: Clock, urgency: str) -> Clock:
    return clock.model_copy(update={"urgency": (urgency,)})


def _clock_target(clock: Clock) -> Target:
    return Target(from_on=clock.from_on, to_on=clock.to_on, share=clock.target_share, source=clock.source)


def _check_reach(clocks: tuple[Clock, ...], where: str) -> None:
    """A wait that is late but too long to be believed would leave only those in time."""
    for clock in clocks:
        if clock.threshold_minutes >= clock.longest_hours * 60:
            raise ParamsError(
                f"{where}: the one from {clock.from_on} has a threshold_minutes of {clock.threshold_minutes:g} but measures "
                f"no wait above its longest_hours of {clock.longest_hours:g}, so nobody could be late. Raise longest_hours."
            )


def _may_share_an_episode(one: Clock, other: Clock) -> bool:
    """Two clocks can hold on one day only where they are restricted to different codes of one column."""
    pairs = [(set(getattr(one, listed)), set(getattr(other, listed))) for listed in RESTRICTED_BY.values()]
    return not any(mine and theirs and not mine & theirs for mine, theirs in pairs)


def _check_one_at_a_time(dated: Iterable[Dated], where: str, clash: Callable[[Dated, Dated], bool]) -> None:
    for one, other in combinations(sorted(dated, key=lambda each: each.from_on), 2):
        if (one.to_on is None or other.from_on <= one.to_on) and clash(one, other):
            raise ParamsError(
                f"{where}: the one from {one.from_on} still holds on {other.from_on}, when the next starts, and both are "
                f"for the same episodes. End the first on the day before."
            )


def choices_for(
    card: Card,
    study: Study,
    *,
    scales: Mapping[str, Scale] | None = None,
    beside: Mapping[str, pd.DataFrame] | None = None,
    last_on: pd.Timestamp | None = None,
) -> Choices:
    """What the measure's function needs of its card and study, and the tables that it looks at beside its rows."""
    return Choices(
        clocks=card.clocks or (),
        hours=card.hours,
        ages=study.ages,
        stay_limits=study.stay_limits,
        days=card.days,
        scales=scales or {},
        beside={name: (beside or {})[name] for name in card.beside if name in (beside or {})},
        last_on=last_on,
    )


def target_for(card: Card, period: Period) -> Target | None:
    """The target that holds on every day of the period; none where there is none, or where it or its clock changed within.

    A share in time under two thresholds meets or misses neither.

    >>> from analysis import params, periods
    >>> cards = read_cards(params.study("demo"))
    >>> target_for(cards.cards["in_person_share"], periods.period("2026-10")).share
    0.9
    """
    days = [day.date() for day in pd.date_range(period.from_on, period.to_on)]
    if any(clock.holds_on(days[0]) != clock.holds_on(days[-1]) for clock in card.clocks or ()):
        return None
    held = [target for target in card.targets if any(target.holds_on(day) for day in days)]
    throughout = all(any(target.holds_on(day) for target in held) for day in days)
    return held[-1] if throughout and len({target.share for target in held}) == 1 else None


def overdue(cards: Cards, on: date) -> list[str]:
    """The measures whose card should have been reviewed again by that day, the day itself included."""
    return [name for name, card in cards.cards.items() if card.review_again_on <= on]


def switched_off(
    cards: Cards,
    episodes: pd.DataFrame,
    *,
    study: Study,
    site_counties: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame | None] | None = None,
) -> list[tuple[str, str]]:
    """The measures that this study cannot have: (measure, one line that says why), in the order of the cards.

    A measure is off where a table that it rests on is not there or has no row (the reason is the same for all measures of that
    table); where a column that it needs holds nothing in any row; a measure with clocks, where no clock has all of its columns; a
    rate, where the ages, the counties of sites or their population are missing; a stay, where study.yml sets no limit to it.
    """
    given = {**(tables or {}), "episodes": episodes, "site_counties": site_counties, "population": population}
    here = {name: table for name, table in given.items() if table is not None and len(table)}
    recorded: dict[str, bool] = {}
    reasons = {name: _why_off(card, here, study, recorded) for name, card in cards.cards.items()}
    return [(name, reason) for name, reason in reasons.items() if reason]


def off_lines(cards: Cards, off: Iterable[tuple[str, str]]) -> list[str]:
    """One line a reason, in the order of the cards, with the measures that it switches off.

    >>> from analysis import params
    >>> off_lines(read_cards(params.study("demo")), [("calls", "There is no table calls."), ("call_outcome", "There is no table calls.")])
    ['There is no table calls. Without it: calls about children; how calls ended.']
    """
    titles: dict[str, list[str]] = {}
    for measure, reason in off:
        title = cards.cards[measure].title
        titles.setdefault(reason, []).append(f"{title[0].lower()}{title[1:]}")
    return [f"{reason} Without it: {'; '.join(measures)}." for reason, measures in titles.items()]


def _why_off(card: Card, tables: Mapping[str, pd.DataFrame], study: Study, recorded: dict[str, bool]) -> str:
    if "episodes" not in tables:
        return "There is no episode."
    if lacking := [name for name in (KINDS[card.of].table, *card.beside) if name not in tables]:
        return f"There is no table {lacking[0]} ({RECEIVED[lacking[0]].row})."
    if empty := [column for column in card.needs if not _is_recorded(column, tables, recorded)]:
        return _not_recorded(empty)
    if card.limited and not study.stay_limits:
        return "This study sets no limit to how many days stabilization may last."
    if card.clocks is not None:
        return _why_no_clock(card.clocks, tables, recorded)
    return _why_no_rate(card, study, tables) if card.unit == "rate" else ""


def _is_recorded(column: str, tables: Mapping[str, pd.DataFrame], recorded: dict[str, bool]) -> bool:
    """True where a row of the column's table holds a value; `recorded` keeps the answers."""
    if column not in recorded:
        table, _, name = column.rpartition(".")
        rows = tables[table or "episodes"]
        recorded[column] = name in rows and bool(rows[name].notna().any())
    return recorded[column]


def _why_no_clock(clocks: tuple[Clock, ...], tables: Mapping[str, pd.DataFrame], recorded: dict[str, bool]) -> str:
    if not clocks:
        return "No response clock is named, neither for this study nor for all."
    lacking = [
        [column for column in clock_columns(clock) if not _is_recorded(column, tables, recorded)] for clock in clocks
    ]
    return _not_recorded(lacking[-1]) if all(lacking) else ""


def _why_no_rate(card: Card, study: Study, tables: Mapping[str, pd.DataFrame]) -> str:
    if study.ages is None:
        return "This study does not say for which ages the service is."
    if lacking := [name for name in ("site_counties", "population") if name not in tables]:
        return f"There is no table {' and no table '.join(lacking)}, so nobody knows how many children the sites cover."
    oldest = max(last for _, last in AGE_BANDS.values())
    if study.ages.oldest > oldest:
        return f"The service is for ages to {study.ages.oldest}, but the population is known to age {oldest} only."
    if card.per == "children_in_poverty" and not _is_recorded("population.children_in_poverty", tables, {}):
        return "The table population does not say how many children live in poverty."
    return ""


def _not_recorded(columns: list[str]) -> str:
    """The line for columns of one table."""
    table = columns[0].rpartition(".")[0] or "episodes"
    names = [column.rpartition(".")[2] for column in columns if (column.rpartition(".")[0] or "episodes") == table]
    words = " or ".join(f"{name} ({RECEIVED[table].column(name).means.lower()})" for name in names)
    return f"No episode has {words}." if table == "episodes" else f"No row of {table} has {words}."
