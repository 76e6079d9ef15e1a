"""The page before the meeting: who has sent records, which months are still filling up, and by how much they usually do."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.meeting import submissions
from analysis.brief.meeting.sources import Meeting
from analysis.params import disclosure
from analysis.periods import Period
from analysis.quality import late_records
from analysis.quality.late_records import Curve
from analysis.quality.utilization.expected import QUIET_FROM
from analysis.tables import DISCHARGE_COLUMNS, SCALES_TABLE

MONTHS = 12
END_FIELDS = {
    "attempt_result": "what came of the visit",
    "disposition": "how the visit ended",
    DISCHARGE_COLUMNS[0]: "last day of the stay",
}
PROVISIONAL, SETTLED = "still filling up", "settled"
TOO_EARLY = "too early"
FEWEST_MONTHS = 6  # illustrative: the least and the most of fewer say little of how much months differ


def title(meeting: Meeting) -> Html:
    """The page's heading."""
    numbers = meeting.numbers
    under = f"{numbers.study.title}. For those who prepare the meeting. Records to {wording.day_words(meeting.as_of)}."
    return panels.title(numbers.study, f"Before the meeting about {numbers.windows.now.words}", under)


def headline(meeting: Meeting) -> Html:
    """One sentence: how many of the open sites have sent records of the period."""
    words = _sent(meeting)
    open_sites = words[~words.isin([submissions.CLOSED, submissions.NOT_OPEN])]
    place = meeting.numbers.study.place
    said = (
        f"By {wording.day_words(meeting.as_of)}, {int(open_sites.eq(submissions.SENT).sum())} of {len(open_sites)} open {place}s "
        f"had sent records of {meeting.numbers.windows.now.words}.{_others(open_sites)}"
    )
    return Html(f'<p class="headline">{markup.escaped(said)}</p>')


def _sent(meeting: Meeting) -> pd.Series:
    numbers = meeting.numbers
    return submissions.sent(numbers, meeting.episodes, numbers.windows.now, a_month=meeting.a_month)


def _others(words: pd.Series) -> str:
    """Of the open sites without a record: how many are missing, and of how many none was to be expected.

    >>> _others(pd.Series(["sent", "nothing yet", submissions.QUIET]))
    ' Of the others, 1 is missing. At 1 more, so few crises are to be expected that a month without one is no sign.'
    >>> _others(pd.Series(["sent", submissions.QUIET])), _others(pd.Series(["sent", "nothing yet"]))
    (' At the other 1, so few crises are to be expected that a month without one is no sign.', '')
    """
    missing, quiet = (int(words.eq(each).sum()) for each in (submissions.NOT_SENT, submissions.QUIET))
    if not quiet:
        return ""
    first = (
        f" Of the others, {missing} {'is' if missing == 1 else 'are'} missing. At {quiet} more"
        if missing
        else f" At the other {quiet}"
    )
    return f"{first}, so few crises are to be expected that a month without one is no sign."


def who_has_sent(meeting: Meeting) -> Html:
    """One row per site, by name: sent or not, how many, how long ago, and how quickly its records are entered."""
    numbers, now = meeting.numbers, meeting.numbers.windows.now
    sent, last = _sent(meeting), submissions.last_records(numbers, meeting.episodes)
    place = numbers.study.place.capitalize()
    if not meeting.rules.name_peers:
        counted = sent.value_counts()
        lines = [(words, int(counted[words])) for words in sorted(counted.index)]
        return markup.table(lines, caption=now.words, headers=["Records", f"{place}s"], numeric=[f"{place}s"])
    quick = _quick_by_site(meeting)
    lines = [
        (
            meeting.called(site),
            sent[site],
            wording.shown_value(numbers.row("episodes", now, site=site), "count")
            if sent[site] == submissions.SENT
            else "",
            last[site],
            *quick[site],
        )
        for site in sent.index
    ]
    heads = [
        place,
        "Records",
        "How many",
        "Last record",
        *([f"Entered within {late_records.WITHIN_DAYS[0]} days"] if any(quick.values()) else []),
    ]
    numeric = [heads[2], *heads[4:]]
    note = panels.hidden_note()
    if any(quick.values()):
        note += f" {heads[4]}: of the records from {numbers.windows.year.words} that are at least {max(late_records.WITHIN_DAYS)} days old."
    return markup.together(
        markup.table(lines, caption=now.words, headers=heads, numeric=numeric),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _quick_by_site(meeting: Meeting) -> dict[str, tuple[str, ...]]:
    """The share of each site's records entered within ten days, over the months of the year that are old enough; none without days of entry."""
    sites, days = meeting.numbers.pages["site_id"], late_records.WITHIN_DAYS[0]
    if _curve(meeting) is None:
        return dict.fromkeys(sites, ())
    known, as_of = late_records.delays(meeting.episodes), _loaded(meeting)
    year = meeting.numbers.windows.year
    old = known[
        known["counted_on"].ge(year.from_on)
        & known["counted_on"].le(as_of - pd.Timedelta(days=max(late_records.WITHIN_DAYS)))
    ]
    of_site = meeting.episodes.loc[old.index, "site_id"]
    return {
        site: (_share(int(old["delay"].le(days)[of_site.eq(site)].sum()), int(of_site.eq(site).sum())),)
        for site in sites
    }


def _share(some: int, of: int, *, both: bool = False) -> str:
    """A share of records, where there are enough to be shown; `both` where those counted, or not, are children who left.

    >>> _share(30, 40), _share(3, 40), _share(3, 40, both=True), _share(3, 9), _share(0, 0)
    ('75%', '8%', 'hidden', 'hidden', 'none')
    """
    rule = disclosure()
    if of == 0:
        return "none"
    small = [0 < count < rule.smallest_shown for count in ((of, some, of - some) if both else (of,))]
    return rule.mark if any(small) else markup.percent(some / of, of)


def _loaded(meeting: Meeting) -> pd.Timestamp:
    return late_records.loaded_on(meeting.episodes, meeting.as_of)


def _curve(meeting: Meeting) -> Curve | None:
    """How quickly records come; None where the day of entry is not recorded, or too seldom."""
    if "entered_on" not in meeting.episodes or meeting.episodes["entered_on"].isna().all():
        return None
    return late_records.reporting_curve(late_records.delays(meeting.episodes), _loaded(meeting))


def _months(meeting: Meeting) -> list[Period]:
    return list(meeting.numbers.windows.months[-MONTHS:])


def late_entry(meeting: Meeting) -> Html:
    """How much late entry usually adds, and which months are still filling up; what can be said instead without days of entry."""
    curve = _curve(meeting)
    if curve is None:
        return markup.together(
            markup.paragraph(
                "The day on which a record was entered is not in these data. So nobody can say how many more will come."
            ),
            _ends_by_month(meeting),
        )
    return markup.together(_curve_words(meeting, curve), _entry_by_month(meeting, curve))


def _curve_words(meeting: Meeting, curve: Curve) -> Html:
    now, as_of = meeting.numbers.windows.now, _loaded(meeting)
    half, most = curve.days_until(0.5), curve.days_until(late_records.PROVISIONAL_BELOW)
    said = [
        f"Half of all records are entered within {_days(half)}, and 95 of 100 within {_days(most)}.",
        f"This rests on {markup.number(curve.records)} records. Those still to come are allowed for.",
        _gain_words(meeting, curve, now, as_of),
    ]
    if slips := late_records.slips(meeting.episodes):
        entries = "1 record says" if slips == 1 else f"{markup.number(slips)} records say"
        said.append(f"{entries} that entry came before the crisis. That is a slip of a date, and is left out.")
    return markup.list_of(said)


def _days(days: int) -> str:
    return "the same day" if days == 0 else "1 day" if days == 1 else f"{days} days"


def _gain_words(meeting: Meeting, curve: Curve, now: Period, as_of: pd.Timestamp) -> str:
    """How much the period will still gain: what is usual, and the least and the most of earlier months, which differ."""
    if not late_records.is_provisional(curve, now, as_of):
        return f"{now.words} is settled: few records of it are still to come."
    share, span = late_records.expected_share(curve, now, as_of), late_records.complete_share(curve, now, as_of)
    more = markup.number(late_records.gain(share))
    if span.low <= 0:
        return f"{now.words} is {PROVISIONAL}. Too little has come to say how much more will."
    usual = f"{now.words} is {PROVISIONAL}. A month usually gains about {more} percent after this point."
    if now.first != now.last:
        return usual
    known, months = late_records.delays(meeting.episodes), [each for each in _months(meeting) if each.last < now.first]
    found = late_records.gains(known, months, now, as_of, fewest=disclosure().smallest_shown)
    if len(found) < FEWEST_MONTHS:
        return f"{usual} Too few months are old enough to say how much they differ."
    least, most = (markup.number(each) for each in (found.min(), found.max()))
    return f"{usual} Months differ: of the last {len(found)} that are old enough, the least gained {least} and the most {most} percent."


def _entry_by_month(meeting: Meeting, curve: Curve) -> Html:
    months, as_of = _months(meeting), _loaded(meeting)
    counted = late_records.within_days(late_records.delays(meeting.episodes), months, as_of)
    lines = []
    for month, row in zip(months, counted.itertuples(index=False), strict=True):
        young = late_records.is_provisional(curve, month, as_of)
        shares = [
            TOO_EARLY if pd.isna(row.records) else _share(int(getattr(row, f"within_{days}")), int(row.records))
            for days in late_records.WITHIN_DAYS
        ]
        lines.append((month.words, *shares, PROVISIONAL if young else SETTLED))
    heads = [f"Within {days} days" for days in late_records.WITHIN_DAYS]
    return markup.table(
        lines, caption="How soon records were entered", headers=["Month", *heads, "State"], numeric=heads
    )


def _ends_by_month(meeting: Meeting) -> Html:
    """How many of each month's records have the fields that are filled in last; months with stays that may still be open say so."""
    fields = [name for name in END_FIELDS if name in meeting.episodes and meeting.episodes[name].notna().any()]
    rated = _rated_twice(meeting)
    study, lines = meeting.numbers.study, []
    for month in _months(meeting):
        here = meeting.episodes[meeting.episodes["counted_on"].between(month.from_on, month.to_on)]
        cells = [_share(int(here[name].notna().sum()), len(here), both=name in DISCHARGE_COLUMNS) for name in fields]
        if rated is not None:
            first = rated.reindex(here["episode_id"]).dropna()
            cells.append(_share(int(first.sum()), len(first), both=True))
        held = study.limits_on(month.from_on.date(), month.to_on.date())
        may_be_open = (meeting.as_of - month.to_on).days < max((each.days for each in held), default=0)
        lines.append(
            (
                month.words,
                *cells,
                "no limit is set" if not held else "some may still be open" if may_be_open else "over",
            )
        )
    heads = [_capital(END_FIELDS[name]) for name in fields] + (["Second rating"] if rated is not None else [])
    longest = max((each.days for each in study.limits_on(meeting.as_of.date())), default=None)
    note = "Part of each month’s records in which it is filled in. Not every child has a stay."
    note += f" A stay may last {longest} days." if longest else ""
    table = markup.table(lines, caption="What is filled in so far", headers=["Month", *heads, "Stays"], numeric=heads)
    return markup.together(table, Html(f'<p class="note">{markup.escaped(note)}</p>'))


def _rated_twice(meeting: Meeting) -> pd.Series | None:
    """By episode with a rating at intake: is there one at discharge? None where the study has no ratings."""
    if meeting.scales is None:
        return None
    at = {
        occasion: set(meeting.scales.loc[meeting.scales["occasion"].eq(occasion), "episode_id"])
        for occasion in SCALES_TABLE.column("occasion").codes
    }
    return pd.Series({episode: episode in at["discharge"] for episode in sorted(at["intake"])}, dtype=bool)


def _capital(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def about(meeting: Meeting) -> Html:
    """How to read the page."""
    notes = [
        "Weeks stand instead of days, since one child’s day stands behind a single record.",
        "“Sent” says that there is a record. It does not say that all of them are there.",
    ]
    if _sent(meeting).eq(submissions.QUIET).any():
        fewest = markup.number(QUIET_FROM)
        notes.append(
            f"A site without a record is not counted as missing where fewer than {fewest} crises were to be expected."
        )
    if _curve(meeting) is not None:
        notes.append(
            f"“{_capital(TOO_EARLY)}” says that the month is not {max(late_records.WITHIN_DAYS)} days old: its late records can’t be counted yet."
        )
        notes.append("How much a month gains takes for granted that entry is as quick as it has been.")
        notes.append(f"“{_capital(SETTLED)}” says that 95 of 100 records have usually come by then.")
    return markup.together(markup.list_of(notes), panels.small_counts_note())
