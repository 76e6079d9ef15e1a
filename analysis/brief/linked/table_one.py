"""Table 1, what was known before by group with standardized differences; and in plain words, where the groups differ most."""

import math
import re

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.linked import flow
from analysis.brief.linked.baseline import HIDDEN, Shown, shown_before
from analysis.brief.linked.sources import ARM_WORDS, Linked
from analysis.brief.markup import Html
from analysis.effect.balance import DECIMALS, NOTEWORTHY, is_noteworthy
from analysis.params import disclosure
from analysis.tables import DIAGNOSIS_FAMILIES

MOST_TOLD = 6  # lines of page one
NONE_THERE = {
    "mobile_first": "The other group has none: without such a diagnosis an emergency visit is no crisis here.",
    "ed_first": "The other group has none.",
}
SHORT = {"mobile_first": "Team first", "ed_first": "ED first"}  # of a table that a phone has to hold
FIRST = {"mobile_first": "a team", "ed_first": "an emergency department"}


def where_they_differ(linked: Linked) -> Html:
    """The characteristics in which the two groups are furthest apart, largest first, in plain words."""
    if not flow.may_show(linked):
        return Html("")
    told = _one_a_column([each for each in shown_before(linked) if not each.why_not])
    apart = sorted((each for each in told if is_noteworthy(each.difference)), key=lambda each: -abs(each.difference))
    said = f"Of {len(told)} things known before the crisis, the two groups are noticeably apart in {len(apart)}."
    if not apart:
        return markup.paragraph(f"{said} That says nothing of what was not written down.")
    more = f" The {MOST_TOLD} largest differences:" if len(apart) > MOST_TOLD else ""
    sizes = linked.sizes
    heads = [f"{ARM_WORDS[arm]} ({markup.number(sizes[arm])})" for arm in sizes]
    table = markup.table(
        [_told(each) for each in apart[:MOST_TOLD]],
        caption="Where the two groups differ most, the largest difference first",
        headers=["Known before", *heads],
        numeric=heads,
    )
    return markup.together(markup.paragraph(said + more), table, _band_words(linked))


def _one_a_column(shown: list[Shown]) -> list[Shown]:
    """The first of those made of one column: age as a number and in groups is one thing that is known."""
    return list({each.what.column: each for each in reversed(shown)}.values())[::-1]


def _told(each: Shown) -> tuple[str, str, str]:
    """One line: a mean, a share, or of a category the group in which the shares are furthest apart."""
    if each.numbers:
        return (f"{each.what.words}, on average", *(_mean(number["mean"], each.what.unit) for number in each.numbers))
    words, *counts = max(each.levels, key=lambda level: abs(level[1] / each.known[0] - level[2] / each.known[1]))
    label = each.what.words if words == each.what.words else f"{each.what.words}: {re.sub(' [(].*?[)]', '', words)}"
    return (label, *(markup.percent(count / n, n) for count, n in zip(counts, each.known, strict=True)))


def _mean(value: float, unit: str) -> str:
    return f"${markup.number(value)}" if unit == "dollars" else f"{markup.number(value, decimals=1)} {unit}"


def _band_words(linked: Linked) -> Html:
    """The children whose kind of crisis the other group does not have."""
    band = flow.in_band(linked)
    if band is None:
        return Html("")
    others = [words for name, words in DIAGNOSIS_FAMILIES.items() if name not in linked.study.cohort.common_band]
    kinds = re.sub(" [(].*?[)]", "", "; ".join(others))
    lines = []
    for arm, (inside, outside) in band.items():
        (other,) = (outside_there for there, (_, outside_there) in band.items() if there != arm)
        if not outside:
            continue
        lines.append(
            f"{markup.number(outside)} of the {markup.number(inside + outside)} children with {FIRST[arm]} first had a kind of crisis that is set apart."
        )
        lines.append(NONE_THERE[arm] if not other else f"The other group has {markup.number(other)}.")
    if not lines:
        return Html("")
    return markup.paragraph(" ".join([*lines, f"Set apart are: {kinds}. These children stay in the study, marked."]))


def table_one(linked: Linked) -> Html:
    """Every characteristic by group, with the standardized difference."""
    if not flow.may_show(linked):
        return Html("")
    sizes = linked.sizes
    heads = [f"{SHORT[arm]} ({markup.number(sizes[arm])})" for arm in sizes]
    shown = shown_before(linked)
    rows = [row for each in shown for row in _rows(each)]
    table = markup.table(
        rows,
        caption="Table 1. What was known before the first response, by who came first",
        headers=["Known before", *heads, "SMD"],
        numeric=[*heads, "SMD"],
    )
    told = _one_a_column([each for each in shown if not each.why_not])
    over = sum(is_noteworthy(each.difference) for each in told)
    note = (
        f"Shares: children and percent of the group. Numbers: mean (standard deviation); below it the median (first to third quartile). ED: emergency department. SMD, standardized mean difference: the "
        f"team’s group less the other, in units of spread; {NOTEWORTHY:.2f} or more ({over} such among {len(told)}, age counted once) is the usual mark for a difference that may "
        "matter (Austin 2009). Of a characteristic with several groups it has no sign (Yang and Dalton 2012). Nothing is weighted yet. "
    )
    note += _shared_words(linked, shown)
    note += "Groups with a small count are added up. " + (panels.hidden_note() if _any_hidden(shown) else "")
    return markup.together(table, Html(f'<p class="note">{markup.escaped(note.strip())}</p>'))


def _shared_words(linked: Linked, shown: list[Shown]) -> str:
    """Which site stands for a county that several cover; nothing where the sites are not shown, or no such county has a child here."""
    site = next(each for each in shown if each.what.name == "site")
    names = dict(zip(linked.tables.sites["site_id"], linked.tables.sites["name"], strict=True))
    printed = {name for group in site.groups for name in group}
    pairs = [
        f"{names[first]} for children of {wording.and_list([names[other] for other in others])}, too"
        for first, others in sorted(stands_for(linked.tables.children, linked.tables.site_counties).items())
        if names[first] in printed
    ]
    if site.why_not or not pairs:
        return ""
    return (
        "Where sites share a county, the one with the larger part of its children stands for all of it: "
        f"{'; '.join(pairs)}. "
    )


def stands_for(children: pd.DataFrame, site_counties: pd.DataFrame) -> dict[str, list[str]]:
    """Site that stands for a county -> the other sites that cover it on the day of a child's crisis. Takes COHORT and SITE_COUNTIES.

    >>> children = pd.DataFrame({"site_id": ["a"], "county_fips": ["35001"], "index_on": pd.to_datetime(["2026-01-05"])})
    >>> sites = pd.DataFrame({"site_id": ["a", "b", "c"], "county_fips": "35001", "from_on": pd.to_datetime(["2025-01-01"] * 2 + ["2026-02-01"]),
    ...                       "to_on": pd.NaT})
    >>> stands_for(children, sites)
    {'a': ['b']}
    """
    both = children[["site_id", "county_fips", "index_on"]].merge(
        site_counties[["site_id", "county_fips", "from_on", "to_on"]], on="county_fips", suffixes=("", "_beside")
    )
    covers = both["from_on"].le(both["index_on"]) & (both["to_on"].isna() | both["to_on"].ge(both["index_on"]))
    shared = both[covers & both["site_id"].ne(both["site_id_beside"])]
    return {site: sorted(set(rows)) for site, rows in shared.groupby("site_id")["site_id_beside"]}


def _any_hidden(shown: list[Shown]) -> bool:
    return any(each.why_not == HIDDEN for each in shown)


def _rows(each: Shown) -> list[tuple[str, str, str, str]]:
    if each.why_not:
        mark = disclosure().mark if each.why_not == HIDDEN else each.why_not
        return [(each.what.words, mark, mark, "")]
    apart = _smd(each.difference)
    if each.numbers:
        dollars = each.what.unit == "dollars"
        unit = "" if dollars or each.what.unit in each.what.words.lower() else f", {each.what.unit}"
        return [
            (f"{each.what.words}{unit}", *(_spread(number, dollars=dollars) for number in each.numbers), apart),
            ("– median", *(_quartiles(number, dollars=dollars) for number in each.numbers), ""),
        ]
    levels = [
        (words, *(_share(count, n) for count, n in zip(counts, each.known, strict=True)))
        for words, *counts in each.levels
    ]
    if each.what.kind == "flag":
        return [(*levels[0], apart)]
    return [(each.what.words, "", "", apart), *((f"– {words}", *cells, "") for words, *cells in levels)]


def _smd(difference: float) -> str:
    """A standardized difference to two decimals with its sign.

    >>> _smd(0.234), _smd(-0.104), _smd(float("inf")), _smd(0.001)
    ('0.23', '−0.10', 'apart altogether', '0.00')
    """
    if pd.isna(difference):
        return "not known"
    if math.isinf(difference):
        return "apart altogether"
    said = f"{abs(difference):.{DECIMALS}f}"
    return f"−{said}" if difference < 0 and said != "0.00" else said


def _share(count: int, n: int) -> str:
    return f"{markup.number(count)} ({markup.percent(count / n, n)})" if n else "none"


def _spread(number: dict, *, dollars: bool) -> str:
    return f"{_said(number['mean'], dollars)} ({_said(number['sd'], dollars)})"


def _quartiles(number: dict, *, dollars: bool) -> str:
    """Median and quartiles, short; whole numbers without decimals.

    >>> _quartiles({"median": 14.0, "low": 12.25, "high": 16.0}, dollars=False)
    '14 (12.3–16)'
    """
    median, low, high = (_said(number[name], dollars).removesuffix(".0") for name in ("median", "low", "high"))
    return f"{median} ({low}–{high})"


def _said(value: float, dollars: bool) -> str:
    return f"${markup.number(value)}" if dollars else markup.number(value, decimals=1)
