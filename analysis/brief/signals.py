"""What the chart of one measure at one place says: its points as they may be shown, judged, and the words for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.brief import figures, markup
from analysis.brief.numbers import Numbers
from analysis.brief.series import NOT_THROUGHOUT, trend_points
from analysis.periods import Period
from analysis.quality.charts.choice import FEWEST_CASES_FOR_P
from analysis.quality.charts.judgment import judge
from analysis.quality.rebases import Rebase
from analysis.tables import STATEWIDE

CHARTED = ("count", "rate", "share", "minutes", "score")  # units of one figure; a mix has none
GOOD, BAD, NEUTRAL = "improvement", "concern", ("high", "low")
MOVED = (GOOD, BAD, *NEUTRAL)


@dataclass(frozen=True)
class Signal:
    """One measure at one place over time, judged.

    Attributes
    ----------
    measure, site : str
    grain : sequence of Period
        Months, else whole quarters, else the year: the finest that may be shown, if only from some month on.
    points : pandas.DataFrame
        One row per window in order: those of `series.trend_points` and section (missing where not judged), centre, lower, upper, mark.
    kind : str
        "improvement", "concern", "high", "low", "none" or "cannot_tell", as the last whole point says.
    phrase : str
        Key of the words for it (analysis.quality.charts.judgment.Judged); "not_shown" where there is no chart.
    chart, stage : str
        Which chart, and "dots", "trial" or "full"; empty where there is none.
    n_points, cases : int, float
        Points with a value, and the mean number of cases behind one.
    rules : str
        The line under the chart: rules, baseline, points, screening.
    """

    measure: str
    site: str
    grain: Sequence[Period]
    points: pd.DataFrame
    kind: str
    phrase: str
    chart: str
    stage: str
    n_points: int
    cases: float
    rules: str

    @property
    def has_rules(self) -> bool:
        """True where a rule was applied to the last point: such a chart can raise a false alarm."""
        return self.kind != "cannot_tell"

    @property
    def last(self) -> int:
        """The position of the last point that is judged; -1 where there is none."""
        judged = self.points["section"].notna().to_numpy().nonzero()[0]
        return int(judged[-1]) if len(judged) else -1

    @property
    def since(self) -> Period | None:
        """The first window of the row of points that the last one ends: all on its side of the centre, in its section, and marked."""
        if self.kind not in MOVED:
            return None
        points = self.points
        side = (points["value"] - points["centre"]).map(_sign)
        like = list(zip(points["section"], points["mark"], side, strict=True))
        start = self.last
        while start > 0 and like[start - 1] == like[self.last]:
            start -= 1
        return self.grain[start]

    @property
    def one_way(self) -> int:
        """Points of the rise or fall that ends at the last one, each higher (or each lower) than the one before."""
        values = self.points["value"].iloc[: self.last + 1]
        here = values[self.points["section"].eq(self.points["section"].iloc[self.last])]
        steps = here.diff().map(_sign).tolist()[::-1]
        return 1 + next((at for at, step in enumerate(steps) if step != steps[0]), len(steps))


def _sign(number: float) -> int:
    """1, -1, or 0 for none and for a gap."""
    return int(number > 0) - int(number < 0)


def signal(numbers: Numbers, measure: str, site: str = STATEWIDE) -> Signal | None:
    """The chart of a measure at a place, worked out once; None where the study cannot have the measure.

    Only what may be shown is judged, so a signal gives no hidden count away. Part of a month is not judged. Limits never span a change
    of the response clock: there a new section begins, as it does at each dated decision of params/<study>/rebases.yml.
    """
    key = (measure, site)
    if key not in numbers.looked:
        numbers.looked[key] = _look(numbers, measure, site)
    return numbers.looked[key]


def _look(numbers: Numbers, measure: str, site: str) -> Signal | None:
    card = numbers.cards.cards[measure]
    if card.unit not in CHARTED or measure in dict(numbers.off):
        return None
    grain, points = trend_points(numbers, measure, site)
    points = points.assign(section=float("nan"), centre=float("nan"), lower=float("nan"), upper=float("nan"), mark="")
    whole = pd.Series(
        [at < len(grain) and grain[at].to_on <= numbers.covers[1] for at in range(len(points))], dtype=bool
    )
    # A month that is still filling up, or whose days of waiting have not passed, is not looked at; the one before it is the last.
    whole &= points["state"].ne(figures.INCOMPLETE) | points["note"].eq(NOT_THROUGHOUT)
    whole &= points.index >= begins(points)
    if grain == numbers.windows.grains[-1] or not points.loc[whole, "value"].notna().any():
        return Signal(measure, site, grain, points, "cannot_tell", "not_shown", "", "", 0, 0.0, "")
    rows = points[whole].assign(date=[window.from_on for window, kept in zip(grain, whole, strict=False) if kept])
    # Part of a month of service is no fall: a gap to the rules, hollow in the drawing.
    rows["value"] = rows["value"].mask(rows["state"].eq(figures.INCOMPLETE))
    starts = _starts(rows, numbers.rebases.of(measure, site))
    judged = judge(card.unit, card.better, rows.drop(columns="label").reset_index(drop=True), rebases=starts)
    for ours, theirs in (("section", "section"), ("centre", "center"), ("lower", "lower"), ("upper", "upper")):
        points.loc[whole, ours] = judged.points[theirs].to_numpy()
    points.loc[whole, "mark"] = [_mark(said, card.better) for said in judged.points["signal"]]
    known = rows[rows["value"].notna()]
    cases = known["numerator" if card.unit in ("count", "rate") else "denominator"].mean()
    return Signal(
        measure, site, grain, points, judged.signal, judged.phrase, judged.choice.kind, judged.choice.stage,
        judged.n_points, float(cases), judged.footer,
    )  # fmt: skip


def begins(points: pd.DataFrame) -> int:
    """The position of the first point that is not hidden; how many there are where all are.

    >>> begins(pd.DataFrame({"state": ["hidden", "no records", "hidden", "complete"]}))
    1
    """
    shown = points["state"].ne(figures.HIDDEN).to_numpy()
    return int(shown.argmax()) if shown.any() else len(shown)


def _starts(rows: pd.DataFrame, decided: Iterable[Rebase]) -> list[pd.Timestamp]:
    """Where sections begin: at dated decisions, and where the figure begins to be measured in another way."""
    anew = rows["definition"].ne(rows["definition"].shift()) & rows["definition"].shift().notna()
    return [*rows.loc[anew, "date"], *(pd.Timestamp(f"{each.from_month}-01") for each in decided)]


def _mark(rule: str, better: str) -> str:
    """The shape of a point: what its rule means in the direction that is good."""
    if not rule:
        return ""
    high = rule.endswith("high")
    if better == "neither":
        return "high" if high else "low"
    return GOOD if high == (better == "higher") else BAD


# --- in words --------------------------------------------------------------------------------------------------------


def say(numbers: Numbers, found: Signal) -> str:
    """What the chart says, as a sentence goes on after the measure's name.

    The last point alone is spoken of, with the usual range or the months since when.
    """
    months = "months" if found.grain == numbers.windows.grains[0] else "quarters"
    rule, _, way = found.phrase.rpartition("_")
    if found.kind == "cannot_tell":
        return {
            "not_shown": "too few to show over time",
            "too_few_points": f"too few {months} yet to say what is usual",
            "too_few_cases": f"too few a {months[:-1]} to tell a change from chance"
            if found.cases < FEWEST_CASES_FOR_P
            else "too near to all or none to tell a change from chance",
            "no_last_point": "not given, since it was not open for all of it"
            if found.points["state"].iloc[found.last] == figures.INCOMPLETE
            else f"not given for the last {months[:-1]}",
        }[found.phrase]
    span = usual_words(numbers, found)
    if found.kind == "none":
        return f"within its usual range{span}" if span else f"as usual over these {months}"
    high = way == "high"
    said = {
        "beyond": f"{'above' if high else 'below'} its usual range{span}",
        "run": f"{'higher' if high else 'lower'} than usual since {found.since.first.strftime('%B %Y')}",
        "trend": f"{'rising' if high else 'falling'} over the last {found.one_way} {months}",
        "near": f"near its usual {'upper' if high else 'lower'} end in most of the last 3 {months}",
    }[rule]
    return f"{said}, by more than chance"


def judged_on(numbers: Numbers, found: Signal) -> str:
    """The month or quarter that the words are of, after a comma, where it is not the newest; empty where it is, or none is judged."""
    if not found.has_rules or found.grain[found.last].last == numbers.windows.now.last:
        return ""
    return f", {found.grain[found.last].words}"


def usual_words(numbers: Numbers, found: Signal) -> str:
    """The usual range of the last section, in brackets; empty where the chart has no limits."""
    last = found.points.iloc[found.last]
    if pd.isna(last["lower"]) and pd.isna(last["upper"]):
        return ""
    unit = numbers.cards.cards[found.measure].unit
    low, high = (0.0 if pd.isna(last["lower"]) else last["lower"]), last["upper"]
    if unit == "count":
        # The whole counts inside the range: its lower end rounds up, its upper end down.
        return f" ({-int(-low // 1):,} to {int(high // 1):,})"
    if unit == "share":
        return f" ({markup.interval(min(max(low, 0), 1), min(high, 1), 'share')} of 100)"
    return f" ({markup.interval(low, high, unit)})"


def footer(numbers: Numbers, found: Signal) -> str:
    """The line under a chart: rules, baseline, points, screening, dated decisions, data as of."""
    decisions = [
        f"{number}: limits set anew from {each.from_month}. {each.reason} (decided {each.decided_on} by {each.decided_by})."
        for number, each in enumerate(numbers.rebases.of(found.measure, found.site), 1)
    ]
    as_of = f"Data as of {numbers.covers[1].day} {numbers.covers[1]:%B %Y}."
    return " ".join(part for part in (found.rules, *decisions, as_of) if part)


def events(numbers: Numbers, found: Signal) -> dict[int, str]:
    """The numbers of dated decisions by the position of the first point on or after each."""
    placed = {}
    for number, each in enumerate(numbers.rebases.of(found.measure, found.site), 1):
        start = pd.Timestamp(f"{each.from_month}-01")
        if here := next((at for at, window in enumerate(found.grain) if window.from_on >= start), 0):
            placed[here] = str(number)
    return placed


# --- kept ------------------------------------------------------------------------------------------------------------

ONCE = ("kind", "phrase", "chart", "stage", "n_points", "cases", "rules")


def as_table(numbers: Numbers) -> pd.DataFrame:
    """The charts that were looked at as one table: one row per chart and window, what is said once on each of its rows."""
    found = [one for one in numbers.looked.values() if one is not None]
    if not found:
        return pd.DataFrame()
    return pd.concat(
        [
            one.points.assign(measure=one.measure, site=one.site, window=[one.grain[min(at, len(one.grain) - 1)].name for at in range(len(one.points))],
                              **{name: getattr(one, name) for name in ONCE})
            for one in found
        ],
        ignore_index=True,
    )  # fmt: skip


def from_table(numbers: Numbers, table: pd.DataFrame) -> None:
    """Put the charts of a kept table in their place, as if they had been looked at."""
    grains = {tuple(window.name for window in grain): grain for grain in numbers.windows.grains}
    if table.empty:
        return
    for (measure, site), rows in table.groupby(["measure", "site"], sort=False):
        points = rows.drop(columns=["measure", "site", "window", *ONCE]).reset_index(drop=True)
        once = {name: rows[name].iloc[0] for name in ONCE}
        grain = grains[tuple(dict.fromkeys(rows["window"]))]
        numbers.looked[measure, site] = Signal(measure, site, grain, points, **once)
