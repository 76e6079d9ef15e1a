"""What two figures or a figure and its target let one say, and how low or high a withheld share could be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.intervals import Interval, clopper_pearson, rate_ratio, share_difference
from analysis.quality.cards import Cards

Kind = Literal["higher", "lower", "no_more_than_chance", "cannot_tell"]
NONE = float("nan")


@dataclass(frozen=True)
class Change:
    """A figure now beside the same figure before.

    Attributes
    ----------
    kind : str
        "higher" and "lower" where the interval at `change_confidence` leaves out no change; otherwise
        "no_more_than_chance", or "cannot_tell" with the reason in `why`.
    difference, low, high : float
        Now minus before, in the unit of the value: a share 0 to 1, minutes, episodes a month, per 1,000 children and year.
        low and high are missing for counts and rates.
    ratio, ratio_low, ratio_high : float
        Now divided by before, for counts (a month) and rates; missing for the others.
    why : str
        Why nobody can tell, in words; empty otherwise.
    """

    kind: Kind
    difference: float = NONE
    low: float = NONE
    high: float = NONE
    ratio: float = NONE
    ratio_low: float = NONE
    ratio_high: float = NONE
    why: str = ""


def change(now: Mapping, before: Mapping, cards: Cards) -> Change:
    """Is the figure higher or lower than before, or is the difference no more than chance?

    Takes two rows of `by_measure_place_period`, of one measure, stratum and place, in two periods without a common day.
    Shares: Newcombe's interval for the difference. Counts and rates: exact conditional interval for the ratio, over months of
    service or child-years. Minutes: higher or lower only where the two order-statistic intervals do not overlap; overlap
    proves nothing, so then nobody can tell.

    Nobody can tell either where a figure is withheld or missing, where a side has fewer than `fewest_for_change` cases
    (the numerator of a count or rate, the denominator of the others), where the response clock is not the same, and for a
    count that does not add up over months (children served) between periods of different length.

    Raises ValueError for rows of two measures, strata or places, and for periods that overlap.
    """
    _check_comparable(now, before)
    card = cards.cards[now["measure"]]
    if why := _why_not(now, before, cards):
        return Change("cannot_tell", why=why)
    if card.unit in ("share", "mix"):
        return _share_change(now, before, cards.change_confidence)
    if card.unit == "minutes":
        return _minutes_change(now, before)
    exposure = "months" if card.unit == "count" else "denominator"
    return _rate_change(now, before, exposure, cards.change_confidence)


def _check_comparable(now: Mapping, before: Mapping) -> None:
    for column in ("measure", "stratum", "site_id"):
        if now[column] != before[column]:
            raise ValueError(f"A change is within one {column}; these are {now[column]} and {before[column]}.")
    if before["last_on"] >= now["first_on"] and now["last_on"] >= before["first_on"]:
        raise ValueError(
            f"{now['period']} and {before['period']} have days in common, so the same episodes stand on both sides. "
            "Compare with a period that ends before the other starts."
        )


def _why_not(now: Mapping, before: Mapping, cards: Cards) -> str:
    card = cards.cards[now["measure"]]
    if pd.isna(now["value"]) or pd.isna(before["value"]):
        return "one of the two figures is withheld or missing"
    cases = "numerator" if card.unit in ("count", "rate") else "denominator"
    if min(now[cases], before[cases]) < cards.fewest_for_change:
        return f"fewer than {cards.fewest_for_change} cases on one side"
    if now["definition"] != before["definition"]:
        return "the response clock is not the same in the two periods"
    if card.unit == "count" and min(now["months"], before["months"]) <= 0:
        return "no month of service on one side"
    if not card.adds_up and _whole_months(now) != _whole_months(before):
        return "a child counts once a period, so periods of different length cannot be compared"
    return ""


def _whole_months(row: Mapping) -> float:
    return round(row["months"], 3)


def _kind(interval: Interval, *, no_change: float) -> Kind:
    if interval.low > no_change:
        return "higher"
    return "lower" if interval.high < no_change else "no_more_than_chance"


def _share_change(now: Mapping, before: Mapping, confidence: float) -> Change:
    interval = share_difference(
        now["numerator"], now["denominator"], before["numerator"], before["denominator"], confidence=confidence
    )
    difference = now["value"] - before["value"]
    return Change(_kind(interval, no_change=0), difference, interval.low, interval.high)


def _rate_change(now: Mapping, before: Mapping, exposure: str, confidence: float) -> Change:
    sides = [(int(row["numerator"]), float(row[exposure])) for row in (now, before)]
    interval = rate_ratio(*sides[0], *sides[1], confidence=confidence)
    (cases, span), (cases_before, span_before) = sides
    a_month = cases / span - cases_before / span_before
    return Change(
        _kind(interval, no_change=1),
        a_month if exposure == "months" else now["value"] - before["value"],
        ratio=(cases / span) / (cases_before / span_before),
        ratio_low=interval.low,
        ratio_high=interval.high,
    )


def _minutes_change(now: Mapping, before: Mapping) -> Change:
    # Missing ends (too few waits for an interval) compare as false, which leaves it open, as it should be.
    low = now["low_for_change"] - before["high_for_change"]
    high = now["high_for_change"] - before["low_for_change"]
    kind = _kind(Interval(low, high), no_change=0)
    why = "" if kind != "no_more_than_chance" else "the intervals of the two waits overlap, or there are too few waits"
    return Change(kind if not why else "cannot_tell", now["value"] - before["value"], low, high, why=why)


def against_target(row: Mapping, target_share: float, cards: Cards) -> Literal["met", "missed", "cannot_tell"]:
    """Does a share meet its target, by the Clopper-Pearson interval at `confidence`?

    Takes a row of `by_measure_place_period`. "met" where the whole interval is on the good side of the target or touches it,
    "missed" where it lies wholly on the other, "cannot_tell" where it crosses the target or the share is withheld.

    Raises ValueError for a measure that is not a share, or whose card says that neither direction is better.
    """
    card = cards.cards[row["measure"]]
    if card.unit != "share" or card.better == "neither":
        raise ValueError(
            f"{row['measure']} has no target: its unit is {card.unit}, and {card.better} is better. "
            "Only a share with a good direction is held against one."
        )
    if pd.isna(row["value"]):
        return "cannot_tell"
    interval = clopper_pearson(row["numerator"], row["denominator"], confidence=cards.confidence)
    above, below = interval.low >= target_share, interval.high <= target_share
    met, missed = (
        (above, interval.high < target_share) if card.better == "higher" else (below, interval.low > target_share)
    )
    if met:
        return "met"
    return "missed" if missed else "cannot_tell"


def bounds(row: Mapping, cards: Cards) -> tuple[float, float]:
    """The smallest and the largest that a share could be, had every episode been recorded.

    Takes a row of a share or of one category of a mix. All not measurable count as "no", then all as "yes". No probability is
    in it (Manski 1989, Journal of Human Resources 24:343-360, worst-case bounds). Missing where nothing belongs.

    Raises ValueError for any other unit: an unknown wait can be of any length.

    >>> from analysis import params
    >>> from analysis.quality.cards import read_cards
    >>> row = {"measure": "contact_share", "numerator": 1, "denominator": 2, "not_measurable": 8}
    >>> bounds(row, read_cards(params.study("demo")))   # 1 of 10, 9 of 10
    (0.1, 0.9)
    """
    if cards.cards[row["measure"]].unit not in ("share", "mix"):
        raise ValueError(
            f"{row['measure']} is not a share, so it has no smallest and largest. Say that it is withheld."
        )
    belong = row["denominator"] + row["not_measurable"]
    if belong == 0:
        return NONE, NONE
    return float(row["numerator"] / belong), float((row["numerator"] + row["not_measurable"]) / belong)
