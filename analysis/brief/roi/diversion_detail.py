"""Behind page one of the ED-diversion brief: the bounds by group, how visits ended, repeat crises."""

import pandas as pd

from analysis.brief import markup, panels
from analysis.brief.markup import Html
from analysis.brief.roi import told
from analysis.brief.roi.accruals import Accrual
from analysis.brief.small_counts.disclosure import hide_small
from analysis.brief.small_counts.groups import is_small
from analysis.effect.index_crisis import OUTSIDE, bound_diversion, count_index_crises, pool_small
from analysis.effect.repeats import Repeats, repeat_crises
from analysis.params import disclosure
from analysis.quality.cards import choices_for, switched_off
from analysis.quality.counts import by_measure_place_period
from analysis.quality.measures import categories
from analysis.tables import IN_PERSON_MODES, REFERRAL_SOURCES, RESPONSE_LOCATIONS, STATEWIDE

OUT, NOT_RECORDED = "outside", "not recorded"


def by_group(accrual: Accrual) -> Html:
    """The bounds by who asked for help, by place, and by site; small groups added up."""
    if reason := told.tell(accrual).withheld:
        return markup.paragraph(reason)
    names = dict(zip(accrual.sites["site_id"], accrual.sites["name"], strict=True))
    tables = [
        _group_table(accrual, "referral_source", REFERRAL_SOURCES, "who asked for help"),
        _group_table(accrual, "response_location", RESPONSE_LOCATIONS, "where the team went"),
        _group_table(accrual, "site_id", names, f"by {accrual.study.place}"),
    ]
    return markup.together(*tables)


def _group_table(accrual: Accrual, column: str, words: dict[str, str], what: str) -> Html:
    if accrual.episodes[column].isna().all():
        return markup.paragraph(f"By {what.removeprefix('by ')}: not recorded.")
    joined = told.tell(accrual).joined
    counted = count_index_crises(accrual.episodes, column)
    pooled = pool_small(counted, smallest=disclosure().smallest_shown, joined=joined)
    if pooled.empty or (len(pooled) == 1 and len(counted) > 1):
        return markup.paragraph(f"{what.capitalize()}: too few to show.")
    bounded = bound_diversion(pooled, accrual.rules, joined)
    lines = [
        (words.get(str(group), str(group)), markup.number(row["episodes"]), *_bounds(row))
        for group, row in bounded.iterrows()
    ]
    heads = ["Crises", "Would have had a visit", "Had one", "Fewer (− means more)"]
    notes = ["Groups with a small count are added up in the last row. A minus sign means more visits."]
    if any(row["episodes"] == row[list(OUTSIDE)].sum() for _, row in bounded.iterrows()):
        notes.append("Outside: these crises had begun in an ED or met nobody, and stand on neither side.")
    if column == "response_location" and NOT_RECORDED in pooled.index:
        notes.append(_no_place(accrual.episodes))
    return markup.together(
        markup.table(lines, caption=f"{what[0].upper()}{what[1:]}", headers=["Group", *heads], numeric=heads),
        Html(f'<p class="note">{markup.escaped(" ".join(note for note in notes if note))}</p>'),
    )


def _bounds(row: pd.Series) -> tuple[str, str, str]:
    """The three ranges of a group; of one that stands on neither side, that it does."""
    if row["episodes"] == row[list(OUTSIDE)].sum():
        return OUT, OUT, OUT
    return told.span(row, "would"), told.span(row, "were"), _fewer_span(row)


def _no_place(episodes: pd.DataFrame) -> str:
    """Why no place is on record where the team went: mostly there was no team; small numbers are told together.

    >>> calls = pd.DataFrame({"response_location": [None] * 40, "response_mode": ["phone"] * 25 + ["none"] * 15, "attempt_result": [None] * 25 + ["cancelled"] * 15})
    >>> _no_place(calls)
    'Not recorded: in 25 no team was sent (by phone or by video, or nobody responded); 15 were called off.'
    """
    blank = episodes[episodes["response_location"].isna()]
    off = blank["attempt_result"].eq("cancelled").fillna(False).astype(bool)
    no_team = blank["response_mode"].notna() & ~blank["response_mode"].isin(IN_PERSON_MODES) & ~off
    counts = {
        "in {} no team was sent (by phone or by video, or nobody responded)": int(no_team.sum()),
        "{} were called off": int(off.sum()),
        "of {} the place is not written down": int((~off & ~no_team).sum()),
    }
    sent_for = episodes["attempt_result"].eq("cancelled").sum() - counts["{} were called off"]
    if is_small(pd.Series([*counts.values(), sent_for]), disclosure().smallest_shown).any():
        return "Not recorded: mostly no team was sent, or it was called off." if no_team.sum() + off.sum() > len(blank) / 2 else ""  # fmt: skip
    said = [words.format(markup.number(count)) for words, count in counts.items() if count]
    return f"Not recorded: {'; '.join(said)}."


def _fewer_span(row: pd.Series) -> str:
    low, high = (
        f"−{markup.number(-value)}" if value < 0 else markup.number(value)
        for value in (row["fewer_low"], row["fewer_high"])
    )
    return low if low == high else f"{low} to {high}"


def endings(accrual: Accrual) -> Html:
    """How each visit ended, with intervals, over the span."""
    if "disposition" in dict(switched_off(accrual.cards, accrual.episodes, study=accrual.study)):
        return markup.paragraph("How visits ended was not recorded.")
    # The endings add up to those that are known: less the crises on record, they would give the others away.
    if 0 < accrual.episodes["disposition"].isna().sum() < disclosure().smallest_shown:
        return markup.paragraph("How visits ended is not shown: a small number would follow from it.")
    cards = accrual.cards.model_copy(update={"cards": {"disposition": accrual.cards.cards["disposition"]}})
    counted = by_measure_place_period(
        accrual.episodes, accrual.sites, [accrual.period], study=accrual.study, cards=cards, covers=accrual.covers
    )
    state = counted[counted["site_id"].eq(STATEWIDE)]
    shown = hide_small(state, hide={"disposition": "all"}, units={"disposition": "mix"}, rule=disclosure())
    words = categories("disposition", choices_for(cards.cards["disposition"], accrual.study))
    rows = shown[shown["numerator"].ne(0).fillna(True)].sort_values(["numerator", "stratum"], ascending=[False, True])
    lines = [_ending_line(row, words) for _, row in rows.iterrows()]
    caption = f"How visits ended, {accrual.period.words}"
    heads = ["Crises", "Share", "95% range"]
    table = markup.table(lines, caption=caption, headers=["Recorded as", *heads], numeric=heads)
    hidden = f" {panels.hidden_note()}" if shown["hidden"].any() else ""
    known = shown["denominator"].max()
    said = f"Of {markup.number(known)} crises for which it is known. How a visit ended is not what would have happened otherwise.{hidden}"
    return markup.together(table, Html(f'<p class="note">{markup.escaped(said)}</p>'))


def _ending_line(row: pd.Series, words: dict[str, str]) -> tuple[str, str, str, str]:
    if pd.isna(row["value"]):
        return words[row["stratum"]], disclosure().mark if row["hidden"] else "not given", "", ""
    share = markup.percent(row["value"], row["denominator"])
    return (
        words[row["stratum"]],
        markup.number(row["numerator"]),
        share,
        markup.interval(row["low"], row["high"], "share", around=row["value"]),
    )


def repeats(accrual: Accrual) -> Html:
    """Another crisis of the same child within the windows."""
    found = [_repeat(accrual, days) for days in accrual.rules.repeat_windows_days]
    lines = [_repeat_words(each) for each in found if each is not None]
    if not lines:
        return markup.paragraph(
            "Children can’t be told apart in these records, so nobody can say how many had another crisis."
        )
    note = (
        "Only crises that this service answered are seen. A fall in this figure can mean that families went elsewhere."
    )
    return markup.together(markup.list_of(lines), Html(f'<p class="note">{note}</p>'))


def _repeat(accrual: Accrual, days: int) -> Repeats | None:
    return repeat_crises(
        accrual.all_episodes, window_days=days, from_on=accrual.period.from_on, to_on=accrual.period.to_on,
        watched_to=accrual.covers[1], confidence=accrual.cards.confidence,
    )  # fmt: skip


def _repeat_words(found: Repeats) -> str:
    smallest = disclosure().smallest_shown
    if min(found.repeated, found.children - found.repeated) < smallest:
        return (
            f"Within {found.window_days} days: {disclosure().mark} of {markup.number(found.children)} children."
            if found.children >= smallest
            else f"Within {found.window_days} days: too few children."
        )
    share = markup.percent(found.repeated / found.children, found.children)
    left = (
        f" {markup.number(found.not_watched)} more were not watched that long." if found.not_watched >= smallest else ""
    )
    return (
        f"Within {found.window_days} days of their first crisis, {markup.x_of_n(found.repeated, found.children)} children had another "
        f"({share}; range {markup.interval(found.low, found.high, 'share', around=found.repeated / found.children)}).{left}"
    )
