"""Aims worked out from what comparable sites reach, and whether the day is far enough away to see them.

An aim goes to what the upper quarter of comparable sites reaches (the achievable benchmark). One that could not be told from chance
by its day is not set; then the aim is what is done, not what comes of it.
"""

from datetime import date

import numpy as np
import pandas as pd
from scipy import stats

from analysis.brief import markup
from analysis.brief.plans.draft import Aim
from analysis.brief.support import shown, steps
from analysis.brief.support.sources import Support
from analysis.params import disclosure
from analysis.quality.gap.cover import HOURS, week_of_duty

MONTHS_TO_AIM = 6
UPPER_QUARTER = 0.75
POWER, ALPHA = 0.80, 0.05
PROCESS_WORDS = {
    "recommended": "Of 100 calls, those in which a visit is agreed on",
    "dispatched": "Of 100 visits agreed on, those to which a team is sent",
    "arrived": "Of 100 teams sent, those that arrive",
    "met": "Of 100 visits, those at which the child is met",
}


def smallest_rise(before: float, a_month: float, months: float, dispersion: float = 1.3) -> float:
    """The smallest rise, as a ratio, that `months` after it can tell from chance with 80% power.

    `before` crises were seen before, `a_month` comes each month. Normal approximation on the logarithm, 5% two-sided; `dispersion` is
    how much more months vary than chance, 1.3 where nothing is known (illustrative). Infinite where nothing was seen.

    >>> smallest_rise(60, 5, 6).__round__(2), smallest_rise(600, 50, 6).__round__(2)
    (1.82, 1.23)
    """
    if before <= 0 or a_month <= 0:
        return np.inf
    reach = stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER)
    ratio = 1.0
    for _ in range(60):  # the more comes after it, the surer the ratio: a fixed point from below
        ratio = float(np.exp(reach * np.sqrt(dispersion * (1 / before + 1 / (a_month * months * ratio)))))
    return ratio


def work_out(support: Support, site: str, start: date) -> tuple[Aim, ...]:
    """The aims of a first draft: what the leading cause needs, then the crises themselves where a rise could be seen by then.

    Where neither gives one, as at a site with few children, the aim is what is done: outreach.
    """
    by = (pd.Timestamp(start) + pd.DateOffset(months=MONTHS_TO_AIM)).date()
    lead = steps.leading(support.account(site))
    found = [aim for cause in lead["cause"].head(2) if (aim := _of_cause(support, site, cause, by)) is not None]
    if (of_use := _of_use(support, site, by)) is not None:
        found.append(of_use)
    if not found and (of_outreach := _of_outreach(support, site, by)) is not None:
        found.append(of_outreach)
    return tuple(found)


def _of_cause(support: Support, site: str, cause: str, by: date) -> Aim | None:
    if cause in PROCESS_WORDS:
        return _of_step(support, site, cause, by)
    if cause == "hours":
        return _of_hours(support, site, by)
    return _of_source(support, site, cause, by)


def _of_step(support: Support, site: str, step: str, by: date) -> Aim | None:
    rows = support.path.steps[support.path.steps["step"].eq(step)].set_index("site_id")
    others = rows.loc[[each for each in support.comparable if each != site], "share"].dropna()
    own = rows.loc[site]
    if others.empty or pd.isna(own["share"]) or own["before"] < disclosure().smallest_shown:
        return None
    to = others.quantile(UPPER_QUARTER)
    calls = float(own["before"]) / len(support.year.months) * MONTHS_TO_AIM
    error = np.sqrt(own["share"] * (1 - own["share"]) / float(own["before"]) + to * (1 - to) / calls)
    reach = stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER)
    enough = to - own["share"] >= reach * error
    return Aim(
        measure=None,
        start=round(100 * float(own["share"])),
        to=round(100 * float(to)),
        by=by,
        process=PROCESS_WORDS[step],
        why_enough="A quarter of comparable sites reach this or more. "
        + (
            "By this day there will be enough calls to see it."
            if enough
            else "By this day chance alone could hide it; look again later."
        ),
    )


def _of_hours(support: Support, site: str, by: date) -> Aim | None:
    table = support.tables.get("site_hours")
    weeks = {each: week_of_duty(table, each, support.year.to_on) for each in (site, *support.comparable)}
    others = [week.sum() for each, week in weeks.items() if each != site and week is not None]
    if weeks[site] is None or not others:
        return None
    to = min(float(np.quantile(others, UPPER_QUARTER)), HOURS)
    return Aim(
        measure=None,
        start=float(weeks[site].sum()),
        to=to,
        by=by,
        process=f"Hours of the week's {HOURS} in which a team goes out, this site's own or one that goes in its place",
        why_enough="A quarter of comparable sites reach this or more. It is counted, not estimated, so it shows at once.",
    )


def _of_source(support: Support, site: str, cause: str, by: date) -> Aim | None:
    """Crises that one kind of caller brings, a month: to the upper quarter of comparable sites, for this site's children."""
    source = cause.removeprefix("asks:")
    episodes = support.tables["episodes"]
    year = episodes[episodes["counted_on"].between(support.year.from_on, support.year.to_on)]
    counts = year[year["referral_source"].eq(source)].groupby("site_id").size()
    expected = support.judged["expected"]
    others = [each for each in support.comparable if each != site]
    rates = counts.reindex(others, fill_value=0) / expected[others]
    own = int(counts.get(site, 0))
    months = len(support.year.months)
    mix = support.numbers.row("referral_source", support.year, site=site, stratum=source)
    hidden = mix is None or pd.isna(mix["value"])  # also one of 11 or more that covers another
    return Aim(
        measure=None,
        start=None if hidden else round(own / months, 1),
        to=round(float(rates.quantile(UPPER_QUARTER) * expected[site]) / months, 1),
        by=by,
        process=f"{steps.asked_words(source)} a month",
        why_enough="A quarter of comparable sites reach this or more, for as many children of the same ages.",
    )


def _of_outreach(support: Support, site: str, by: date) -> Aim | None:
    """Outreach events a month, to the upper quarter of comparable sites; none where the site holds as many, or nothing is recorded."""
    if "outreach" not in support.tables or not support.comparable:
        return None
    events = support.tables["outreach"]
    year = events[events["held_on"].between(support.year.from_on, support.year.to_on)]
    a_month = year.groupby("site_id").size() / len(support.year.months)
    others = a_month.reindex([each for each in support.comparable if each != site], fill_value=0.0)
    own, to = round(float(a_month.get(site, 0.0)), 1), round(float(others.quantile(UPPER_QUARTER)), 1)
    if own >= to:
        return None
    return Aim(
        measure=None,
        start=own,
        to=to,
        by=by,
        process="Outreach events a month: schools, clinics, police, families",
        why_enough="Too few children live here for their number to tell a change by this day. What is done is counted, and shows at once.",
    )


def _of_use(support: Support, site: str, by: date) -> Aim | None:
    """Crises a month to the ratio at which a plan may end; none where a rise to it could not be seen by that day."""
    seen = shown.observed(support, site)
    expected = float(support.judged.loc[site, "expected"])
    months = len(support.year.months)
    to = support.rule.leaving.ratio * expected
    if pd.isna(seen) or seen >= to:
        return None
    smallest = smallest_rise(seen, seen / months, MONTHS_TO_AIM)
    if to / seen < smallest:
        return None
    more = (to - seen) / months
    return Aim(
        measure=None,
        start=round(seen / months, 1),
        to=round(to / months, 1),
        by=by,
        process="Crises that the site responds to, a month",
        why_enough=f"{markup.number(more)} more a month. By this day a rise of {markup.number(100 * (smallest - 1))}% or more can be told from chance.",
    )
