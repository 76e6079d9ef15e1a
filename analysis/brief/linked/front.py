"""Page one of the brief on the linked study: title, headline, how sure, which days count, headings."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.linked import flow, joined
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import is_small
from analysis.params import disclosure


def title(linked: Linked) -> Html:
    """The page's heading, with the days that the records cover."""
    study, tables = linked.study, linked.tables
    under = f"{study.title}. {study.service}."
    if tables is not None:
        served = " to ".join(wording.day_words(day) for day in (tables.served_from, tables.served_to))
        under += (
            f" The service’s records, {served}, joined with Medicaid’s claims to {wording.day_words(tables.claims_to)}."
        )
    return panels.title(study, "Who is in the study, and who is not", under)


def heading(linked: Linked, words: str) -> Html:
    """A section's heading; nothing where the study has no linked tables, so that no section stands empty."""
    return Html("") if linked.tables is None else markup.headline(words)


def headline(linked: Linked) -> Html:
    """How many children are in the study, by who met them first; or, without claims, what they would add."""
    if linked.tables is None:
        return Html(f'<p class="headline">{markup.escaped(linked.absent)}</p>')
    if not flow.may_show(linked):
        return Html(f'<p class="headline">{markup.escaped(flow.TOO_FEW)}</p>')
    team, ed = (markup.number(size) for size in linked.sizes.values())
    begin = flow.start(linked)
    whole = sum(linked.sizes.values())
    said = (
        f"{markup.number(whole)} children are in the study. For {team} of them a mobile team was the first response, for {ed} an emergency department. "
        f"They were drawn from {markup.number(begin['crises'])} crises on record."
    )
    return Html(f'<p class="headline">{markup.escaped(said)}</p>')


def how_sure(linked: Linked) -> Html:
    """That these are counts and no effect; and the largest reasons why they are not the whole."""
    if not flow.may_show(linked):
        return Html("")
    parts = [
        "These are counts of the records, not estimates. Whether a team changes what comes later is not asked on this page."
    ]
    found = joined.by_site_counts(joined.served(linked)).sum()
    if not is_small(found, disclosure().smallest_shown).any():
        n = found["found"] + found["not_found"]
        missed = markup.percent(found["not_found"] / n, n)
        parts.append(
            f"{missed} of the service’s children are not found in Medicaid’s records. The study says nothing of them."
        )
    return Html(f"<p><strong>How sure: exact for these records.</strong> {markup.escaped(' '.join(parts))}</p>")


def which_days(linked: Linked) -> Html:
    """The days that bring a child in, that are looked back on, and that are looked at after."""
    if linked.tables is None:
        return Html("")
    rules = linked.study.cohort
    first, last, cut = (
        wording.day_words(pd.Timestamp(day)) for day in (rules.index_from, rules.index_to, rules.data_cut)
    )
    began = linked.tables.served_from
    lines = [
        f"A crisis from {first} to {last} can bring a child in, one crisis a child.",
        "What is known before comes from the 365 days before that day, and from nothing on it or after.",
        f"A child is watched from that day to {cut} at most; results look {rules.horizon_days} days ahead.",
    ]
    if began > pd.Timestamp(rules.index_from):
        lines.append(
            f"The service’s own records begin on {wording.day_words(began)}; before that no team can have come first."
        )
    lines.append("All of these days are settings of the study. Another choice gives other numbers.")
    return markup.list_of(lines)


def not_looked_at(linked: Linked) -> Html:
    """Why no result stands here."""
    if linked.tables is None:
        return Html("")
    return markup.paragraph(
        "No later visit, stay, placement or dollar is shown by group. Who is compared with whom, and how, is settled first. "
        "Whoever sees results before that may choose the comparison that pleases."
    )
