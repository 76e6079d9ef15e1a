"""What the records of a linked study can't see, with a number wherever they give one."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.linked import flow, joined
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import is_small
from analysis.params import disclosure

TRIBAL = "tribal"  # the code of INSURANCES
USUAL_MONTHS = 12


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
    counties = linked.study.cohort.border_counties
    if not counties:
        return _line(what, f"{general} The study names no border counties yet.")
    children = linked.tables.children
    near = int(children["county_fips"].isin(counties).sum())
    names = wording.and_list([linked.tables.counties.get(county, county) for county in counties])
    told = _counts(near, len(children) - near)
    if told is None:
        return _line(what, f"{general} Such counties: {names}.")
    share = markup.percent(near / len(children), len(children))
    return _line(what, f"{general} {told[0]} children of the study ({share}) live in such counties: {names}.")


def _tribal(linked: Linked) -> Html:
    what = "Care by tribal programs and the Indian Health Service."
    general = "It is on record here only where Medicaid paid for it."
    children = joined.served(linked)
    if "insurance" in linked.study.ask_before or children["insurance"].isna().all():
        return _line(what, general)
    own = children[children["insurance"].eq(TRIBAL)]
    found = int(own["found"].sum())
    told = _counts(len(own), found, len(own) - found)
    if told is None or not len(own):
        return _line(what, general)
    said = f"{told[0]} of the service’s children have such insurance on their record; {told[1] if found else 'none'} of them {'are' if found else 'is'} found in Medicaid’s records."
    return _line(what, f"{general} {said}")


def _no_medicaid(linked: Linked) -> Html:
    what = "Children without Medicaid."
    children = joined.served(linked)
    insured = children["insurance"]
    other = int((insured.notna() & insured.ne("medicaid")).sum())
    told = _counts(other, int(insured.notna().sum()) - other)
    general = "No later visit or stay of theirs is on record."
    if told is None or not other or "insurance" in linked.study.ask_before:
        return _line(what, general)
    known = int(insured.notna().sum())
    return _line(
        what,
        f"{general} {told[0]} of the service’s {markup.number(known)} children with insurance on record ({markup.percent(other / known, known)}) are of that kind.",
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


def late_months(linked: Linked) -> pd.DataFrame:
    """ED visits of any kind by month after the last whole day: month, visits, and beside the usual month before (share).

    The usual month is the mean of the twelve that end with the month of `data_cut`.
    """
    cut = pd.Period(linked.study.cohort.data_cut, freq="M")
    months = linked.tables.visits["from_on"].dt.to_period("M")
    by_month = months.value_counts()
    usual = sum(int(by_month.get(cut - ago, 0)) for ago in range(USUAL_MONTHS)) / USUAL_MONTHS
    last = linked.tables.claims_to.to_period("M")
    after = [cut + ahead for ahead in range(1, (last - cut).n + 1)]
    rows = [
        (
            month.strftime("%B %Y"),
            int(by_month.get(month, 0)),
            int(by_month.get(month, 0)) / usual if usual else float("nan"),
        )
        for month in after
    ]
    return pd.DataFrame(rows, columns=["month", "visits", "share"])


def _late(linked: Linked) -> Html:
    what = "Claims that have not come in yet."
    cut = wording.day_words(pd.Timestamp(linked.study.cohort.data_cut))
    general = f"Claims go on to {wording.day_words(linked.tables.claims_to)}, and are taken as whole to {cut}. Later days are not used."
    late = late_months(linked)
    if late.empty or late["share"].isna().any() or _counts(*late["visits"]) is None:
        return _line(what, general)
    last = late.iloc[-1]
    percent = markup.number(last["share"] * 100)
    return _line(
        what,
        f"{general} {last['month']} holds {markup.number(last['visits'])} emergency visits so far, {percent}% of a usual month.",
    )


def late_table(linked: Linked) -> Html:
    """ED visits of any kind in each month that is not used."""
    if linked.tables is None:
        return Html("")
    late = late_months(linked)
    if late.empty or late["share"].isna().any() or _counts(*late["visits"]) is None:
        return Html("")
    rows = [(row.month, row.visits, f"{markup.number(row.share * 100)}%") for row in late.itertuples()]
    heads = ["Emergency visits", "Of a usual month"]
    return markup.table(
        rows, caption="Months after the last whole day, by the claims so far", headers=["Month", *heads], numeric=heads
    )
