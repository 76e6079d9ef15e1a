"""What the records of a linked study can't see, with a number wherever they give one."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.linked import flow, joined
from analysis.brief.linked.baseline import shown_before
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import is_small
from analysis.brief.year_earlier import beside_year_earlier, whole_year
from analysis.params import disclosure

TRIBAL = "tribal"  # the code of INSURANCES


def unseen(linked: Linked) -> Html:
    """A list: what can't be seen, and how many it is about."""
    if linked.tables is None:
        return Html("")
    return markup.list_of(
        [_border(linked), _tribal(linked), _no_medicaid(linked), _phone(linked), _hour(linked), _late(linked)]
    )


def _counts(*counts: int) -> list[str] | None:
    """The counts as text; none where one of them is small."""
    if is_small(pd.Series(counts), disclosure().smallest_shown).any():
        return None
    return [markup.number(count) for count in counts]


def _line(what: str, said: str) -> Html:
    return Html(f"<strong>{markup.escaped(what)}</strong> {markup.escaped(said)}")


def _border(linked: Linked) -> Html:
    what = "Care across the state’s border."
    general = "An emergency department in another state may send its claim late, or never."
    counties = linked.tables.border
    if not counties:
        return _line(what, f"{general} The study names no border counties yet.")
    children = linked.tables.children
    near = children["county_fips"].isin(counties)
    names = wording.and_list([linked.tables.counties.get(county, county) for county in counties])
    if _told_by_site(linked, near):
        return _line(what, f"{general} Such counties: {names}.")
    share = markup.percent(near.sum() / len(children), len(children))
    return _line(
        what, f"{general} {markup.number(near.sum())} children of the study ({share}) live in such counties: {names}."
    )


def _told_by_site(linked: Linked, near: pd.Series) -> bool:
    """True where the count of these children, less lines of Table 1, could tell a few: a site's line that holds a few of them, or few others."""
    sites = dict(zip(linked.tables.sites["site_id"], linked.tables.sites["name"], strict=True))
    lines = next(each for each in shown_before(linked) if each.what.name == "site").groups
    line = (
        linked.tables.children["site_id"].map(sites).map({name: at for at, names in enumerate(lines) for name in names})
    )
    cells = pd.concat([pd.crosstab(line.fillna(-1), near).stack(), near.value_counts()])  # noqa: PD013
    return bool(is_small(cells, disclosure().smallest_shown).any())


def _tribal(linked: Linked) -> Html:
    what = "Care by tribal programs and the Indian Health Service."
    general = "It is on record here only where Medicaid paid for it."
    alone = {names: row for names, row in joined.by_insurance_groups(linked) if names == (TRIBAL,)}
    if not alone:
        return _line(what, general)
    found, missed = alone[TRIBAL,]
    told = markup.number(found) if found else "none"
    said = (
        f"{markup.number(found + missed)} of the service’s children have such insurance on their record; {told} of them {'are' if found else 'is'} "
        "found in Medicaid’s records."
    )
    return _line(what, f"{general} {said}")


def _no_medicaid(linked: Linked) -> Html:
    """Those with another insurance or none, of those with insurance on record; not where a line of the insurance table mixes the two."""
    what = "Children without Medicaid."
    general = "No later visit or stay of theirs is on record."
    groups = joined.by_insurance_groups(linked)
    apart = ("medicaid", joined.NOT_RECORDED)
    if any(len(names) > 1 and set(apart) & set(names) for names, _ in groups):
        return _line(what, general)
    other = int(sum(row.sum() for names, row in groups if not set(apart) & set(names)))
    known = int(sum(row.sum() for names, row in groups if joined.NOT_RECORDED not in names))
    if not other:
        return _line(what, general)
    share = markup.percent(other / known, known)
    return _line(
        what,
        f"{general} {markup.number(other)} of the service’s {markup.number(known)} children with insurance on record ({share}) are of that kind.",
    )


def _phone(linked: Linked) -> Html:
    what = "Crises settled without a team."
    episodes, modes = linked.tables.episodes, linked.study.cohort.mobile_modes
    sent = episodes["dispatched_at"].notna() | episodes["response_mode"].isin(modes)
    none, n = int((~sent).sum()), len(episodes)
    general = "The study begins where a team is sent."
    told = _counts(none, n - none)
    if told is None or not none:
        return _line(what, general)
    return _line(
        what,
        f"{general} In {told[0]} of {markup.number(n)} responses on record ({markup.percent(none / n, n)}) no team was sent.",
    )


def _hour(linked: Linked) -> Html:
    what = "The hour of a visit."
    general = (
        "Claims have no hour. If a team and an emergency visit fall on one day, the team counts as first. "
        "It does not where it was called to or by the emergency department."
    )
    steps = linked.tables.attrition.set_index("rule")["crises_left_out"]
    lost = int(steps.get("first_contact_known", 0))
    alone = any(
        step.reasons == (flow.left_out_words(linked.study.cohort)["first_contact_known"],)
        for step in flow.shown_steps(linked)
    )
    if not lost or not alone:
        return _line(what, general)
    return _line(what, f"{general} {markup.number(lost)} crises are left out because nobody can tell.")


def _visits_by_month(linked: Linked) -> pd.Series:
    return linked.tables.visits["from_on"].dt.to_period("M").value_counts()


def late_months(linked: Linked) -> pd.DataFrame:
    """ED visits of any kind by month after the last whole day: month, visits, and beside the same month a year earlier (share)."""
    cut, by_month = pd.Period(linked.study.cohort.data_cut, freq="M"), _visits_by_month(linked)
    last, smallest = linked.tables.claims_to.to_period("M"), disclosure().smallest_shown
    after = [cut + ahead for ahead in range(1, (last - cut).n + 1)]
    rows = [
        (
            month.strftime("%B %Y"),
            int(by_month.get(month, 0)),
            beside_year_earlier(by_month, month, smallest=smallest),
        )
        for month in after
    ]
    return pd.DataFrame(rows, columns=["month", "visits", "share"])


def _late_shown(linked: Linked) -> pd.DataFrame | None:
    """The late months; None where there is none, or one of them or of a year earlier has too few visits to show."""
    late = late_months(linked)
    return None if late.empty or late["share"].isna().any() or _counts(*late["visits"]) is None else late


def _late(linked: Linked) -> Html:
    what = "Claims that have not come in yet."
    cut = wording.day_words(pd.Timestamp(linked.study.cohort.data_cut))
    general = f"Claims go on to {wording.day_words(linked.tables.claims_to)}, and are taken as whole to {cut}. Later days are not used."
    late = _late_shown(linked)
    if late is None:
        return _line(what, general)
    last = late.iloc[-1]
    percent = markup.number(last["share"] * 100)
    return _line(
        what,
        f"{general} {last['month']} holds {markup.number(last['visits'])} emergency visits so far, {percent}% of the same month a year earlier.",
    )


def late_table(linked: Linked) -> Html:
    """ED visits of any kind in each month that is not used."""
    if linked.tables is None:
        return Html("")
    late = _late_shown(linked)
    if late is None:
        return Html("")
    rows = [(row.month, row.visits, f"{markup.number(row.share * 100)}%") for row in late.itertuples()]
    heads = ["Emergency visits", "Of the same month a year earlier"]
    table = markup.table(
        rows, caption="Months after the last whole day, by the claims so far", headers=["Month", *heads], numeric=heads
    )
    return markup.together(table, Html(f'<p class="note">{markup.escaped(_trend_words(linked))}</p>'))


def _trend_words(linked: Linked) -> str:
    """Why a year earlier, and what whole months hold beside theirs."""
    cut, by_month = pd.Period(linked.study.cohort.data_cut, freq="M"), _visits_by_month(linked)
    said = "Each month is held against the same month a year earlier, so that the season is the same."
    trend, last = (
        whole_year(by_month, cut, smallest=disclosure().smallest_shown),
        beside_year_earlier(by_month, cut, smallest=disclosure().smallest_shown),
    )
    if pd.isna(trend):
        return said
    return (
        f"{said} {cut.strftime('%B %Y')}, the last month taken as whole, holds {markup.number(last * 100)}% of its own, and the twelve months that end with it "
        f"{markup.number(trend * 100)}% of the twelve before. What is much lower is still coming in."
    )
