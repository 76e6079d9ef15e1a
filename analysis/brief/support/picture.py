"""The data picture of a plan: where families drop off, when demand comes and nobody goes out, who asks, posts and waits."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.brief import markup, panels, wording
from analysis.brief.figures import ALT_LIMIT, BLUE, GREY, INK, SMALL, STYLE, Drawing, _svg
from analysis.brief.markup import Html
from analysis.brief.site_figures import WIDE
from analysis.brief.support import steps
from analysis.brief.support.page import name_of
from analysis.brief.support.sources import Support
from analysis.params import disclosure
from analysis.quality.gap.account import WHOLE
from analysis.quality.gap.bases import BASES, PER, lacking
from analysis.quality.gap.cover import HOURS, demand_by_hour, week_of_duty
from analysis.tables import REFERRAL_SOURCES, WEEKDAYS

WEEK_HEIGHT = 1.75
FEWEST = 11
MISSED = "Families missed, were each step as elsewhere"


def where_lost(support: Support, site: str) -> Html:
    """The two or three things to which most families are lost, in families a month, and the path step by step."""
    if support.cannot:
        return Html("")
    said = [markup.paragraph(_leading_words(support, site))]
    if not support.path.steps.empty:
        said.append(_path_table(support, site))
        said.append(Html(f'<p class="note">{markup.escaped(_path_note(support))}</p>'))
    return markup.together(*said)


def _leading_words(support: Support, site: str) -> str:
    for step, reason in support.path.unknown:
        if step == "contacts":
            return f"Where families drop off before a visit cannot be said: {reason}."
    account = support.account(site)
    if account.empty:
        return "Where families drop off cannot be said: there are too few calls, or too few sites to compare with."
    lead = steps.leading(account)
    if lead.empty:
        whole = account[account["cause"].eq(WHOLE)].iloc[0]
        if whole["low"] > 0:
            return f"{MISSED}: {_a_month(whole)}. No single step stands out; ask the site."
        return "At no step are more families lost here than elsewhere, beyond chance."
    parts = [f"{steps.lost_words(row.cause)}: {_a_month(row)}" for row in steps.worth_saying(lead).itertuples()]
    whole = account[account["cause"].eq(WHOLE)].iloc[0]
    return f"{MISSED}: {_a_month(whole)} in all. {' '.join(f'{part}.' for part in parts)}"


def _a_month(row) -> str:
    """Families a month with the range, in halves where few.

    >>> _a_month(pd.Series({"a_month": 5.68, "low": 4.7, "high": 6.8}))
    'about 6 a month (5 to 7)'
    >>> _a_month(pd.Series({"a_month": 2.1, "low": -0.2, "high": 3.3}))
    'about 2 a month (0 to 3)'
    """
    ends = [
        markup.number(max(0.0, getattr(row, name) if not isinstance(row, pd.Series) else row[name]))
        for name in ("a_month", "low", "high")
    ]
    return f"about {ends[0]} a month ({ends[1]} to {ends[2]})"


def _path_table(support: Support, site: str) -> Html:
    rows = support.path.steps
    rows = rows[rows["site_id"].eq(site) & rows["step"].ne("contacts")]
    lines = [(steps.PATH_WORDS[row.step], *_share_cells(row)) for row in rows.itertuples()]
    heads = ["Step", "Of 100 before it, here", "Range", "In the middle of other sites"]
    return markup.table(lines, caption=f"From call to care, {name_of(support, site)}", headers=heads, numeric=heads[1:])


def _share_cells(row) -> tuple[str, str, str]:
    middle = "none" if pd.isna(row.median) else markup.number(100 * row.median)
    if pd.isna(row.before) or row.before < FEWEST:
        return disclosure().mark, disclosure().mark, middle
    return (
        markup.number(100 * row.share),
        f"{markup.number(100 * row.low)} to {markup.number(100 * row.high)}",
        middle,
    )


def _path_note(support: Support) -> str:
    said = f"Calls from {support.year.words}, each step out of those who came through the one before, where it is known. The last two steps take time, so late calls have fewer of them, here and elsewhere."
    missing = [f"{steps.PATH_WORDS[step]}: not known, {reason}." for step, reason in support.path.unknown]
    return " ".join([said, *missing])


# --- hours -----------------------------------------------------------------------------------------------------------


def hours(support: Support, site: str) -> Html:
    """The week: hours in which the site's team goes out, and how much of the demand elsewhere falls into the others."""
    table = support.tables.get("site_hours")
    week = None if table is None else week_of_duty(table, site, support.year.to_on)
    if week is None:
        return markup.paragraph("The hours in which this team goes out are not in the records.")
    if support.cannot or not support.comparable:
        return Html("")
    demand = demand_by_hour(_of_year(support), [each for each in support.comparable if each != site])
    if np.isnan(demand).any():
        return Html("")
    outside = float(demand[~week].sum())
    if week.all():
        return markup.paragraph("This site's team goes out at every hour of the week.")
    expected = support.judged["expected"].get(site, np.nan) / len(support.year.months)
    a_month = f", about {markup.number(outside * expected)} a month here" if outside * expected >= 1 else ""
    said = f"This team goes out in {int(week.sum())} of the week's {HOURS} hours. Elsewhere {markup.number(100 * outside)} of 100 crises come in the other hours{a_month}."
    drawing = draw_week(week, demand, name_of(support, site))
    return markup.figure(
        drawing.svg,
        alt=drawing.alt,
        caption=said,
        note="Darker: more crises at other sites. Crossed: this team does not go out. Hours as on the last day of the year shown.",
        name=f"week-{site}",
        wide=True,
    )


def _of_year(support: Support) -> pd.DataFrame:
    episodes = support.tables["episodes"]
    return episodes[episodes["counted_on"].between(support.year.from_on, support.year.to_on)]


def draw_week(week: np.ndarray, demand: np.ndarray, place: str) -> Drawing:
    """Seven rows of 24 hours: shaded by the demand elsewhere, crossed where the team does not go out."""
    with matplotlib.rc_context(STYLE | {"hatch.linewidth": 0.6}):
        figure = Figure(figsize=(WIDE * 0.72, WEEK_HEIGHT))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.16, 0.16, 0.80, 0.80))
        shade = demand.reshape(7, 24) / demand.max()
        for day in range(7):
            for hour in range(24):
                off = not week[day * 24 + hour]
                axes.add_patch(
                    matplotlib.patches.Rectangle(
                        (hour, 6 - day), 1, 1, fc=_shade(shade[day, hour]), ec=INK if off else "white", lw=0.3, hatch="xxx" if off else None,
                    )
                )  # fmt: skip
        axes.set_xlim(0, 24)
        axes.set_ylim(0, 7)
        axes.set_yticks(np.arange(7) + 0.5, [name.capitalize() for name in reversed(WEEKDAYS)], fontsize=SMALL)
        axes.set_xticks([0, 6, 12, 18, 24], ["0:00", "6:00", "12:00", "18:00", "24:00"], fontsize=SMALL)
        axes.tick_params(length=2, color=GREY)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return Drawing(_svg(figure), _week_alt(week, demand, place), figure)


def _shade(part: float) -> str:
    """White to a light blue on which a cross can still be seen."""
    low, high = np.array([255, 255, 255]), np.array([int(BLUE[at : at + 2], 16) for at in (1, 3, 5)])
    return "#{:02x}{:02x}{:02x}".format(*(low + (high - low) * 0.6 * part).round().astype(int))


def _week_alt(week: np.ndarray, demand: np.ndarray, place: str) -> str:
    outside = demand[~week].sum()
    busiest = int(demand.argmax())
    return (
        f"Grid of a week by hour: {place} goes out in {int(week.sum())} of {HOURS} hours. {markup.number(100 * outside)} of 100 crises at "
        f"other sites come in the other hours. Most come on {list(WEEKDAYS)[busiest // 24].capitalize()} at {busiest % 24}:00."
    )[:ALT_LIMIT]


# --- who asks, posts, waits ------------------------------------------------------------------------------------------


def who_asks(support: Support, site: str) -> Html:
    """Who asks for help, as the briefs show it."""
    return panels.mix_table(support.numbers, "referral_source", site=site)


def who_could_ask(support: Support, site: str) -> Html:
    """Crises that a kind of caller brings, out of those who could: here, and in the middle of comparable sites.

    Where the mix hides a kind of caller so does this table: a rate times a known base would give the count away, and a shown
    count would give a small base away.
    """
    rows = support.bases
    lines = []
    for row in rows[rows["site_id"].eq(site)].itertuples():
        unit = f"per {markup.number(PER[row.source])} {BASES[row.source]}"
        middle = "none" if pd.isna(row.middle) else markup.number(row.middle, decimals=1)
        shown_row = support.numbers.row("referral_source", support.year, site=site, stratum=row.source)
        hidden = shown_row is None or pd.isna(shown_row["value"]) or pd.isna(row.rate)
        hidden = hidden or 0 < row.base < disclosure().smallest_shown
        here = (
            (disclosure().mark, disclosure().mark)
            if hidden
            else (
                markup.number(row.rate, decimals=1),
                f"{markup.number(row.low, decimals=1)} to {markup.number(row.high, decimals=1)}",
            )
        )
        lines.append((f"{wording.first_up(REFERRAL_SOURCES[row.source])}, {unit}", *here, middle))
    without = [
        f"{REFERRAL_SOURCES[source]} ({BASES[source]}: the study has no {column})"
        for source, column in lacking(support.tables)
    ]
    note = f"Not known, so not shown: {'; '.join(without)}. " if without else ""
    note += "Which schools call, by name, stands on the site’s own worklist, which stays inside." * _names_callers(
        support
    )
    if not lines:
        return Html(f'<p class="note">{markup.escaped(note)}</p>') if note else Html("")
    heads = ["Calls that come from", "Here", "Range", "In the middle of other sites"]
    return markup.together(
        markup.table(
            lines, caption=f"Who calls, out of those who could, {support.year.words}", headers=heads, numeric=heads[1:]
        ),
        Html(f'<p class="note">{markup.escaped(note)}</p>') if note else "",
    )


def _names_callers(support: Support) -> bool:
    episodes = support.tables["episodes"]
    return "referrer" in episodes and bool(episodes["referrer"].notna().any())


def posts(support: Support, site: str) -> Html:
    """Posts funded and filled in the last month on record."""
    table = support.tables.get("staffing")
    own = None if table is None else table[table["site_id"].eq(site) & table["month_on"].le(support.as_of)]
    if own is None or own.empty:
        return markup.paragraph("Posts and vacancies are not in the records.")
    last = own.sort_values("month_on").iloc[-1]
    year = own[own["month_on"].gt(last["month_on"] - pd.DateOffset(months=12))]
    funded, filled = float(last["funded"]), float(last["filled"])
    vacant = 1 - year["filled"].sum() / year["funded"].sum()
    return markup.paragraph(
        f"Posts: {markup.number(filled)} of {markup.number(funded)} were filled in {last['month_on'].strftime('%B %Y')}. "
        f"Over the last {len(year)} months, {markup.number(100 * vacant)} of 100 post-months were vacant."
    )


def waits(support: Support, site: str) -> Html:
    """How long families wait for the team, as the briefs show it: the nearest that the records come to distance."""
    row = support.numbers.row("response_minutes_median", support.year, site=site)
    state = support.numbers.row("response_minutes_median", support.year)
    if row is None or pd.isna(row["value"]) or state is None or pd.isna(state["value"]):
        return markup.paragraph("How long families wait cannot be shown here. Distances are not in the records.")
    return markup.paragraph(
        f"Half of the families waited {markup.number(row['value'])} minutes or less; statewide {markup.number(state['value'])}. "
        "Distances are not in the records; the wait is the nearest that they come to it."
    )


def use_over_time(support: Support, site: str) -> Html:
    """Crises over time, as the scorecard shows them."""
    return panels.trend(support.numbers, "episodes", site=site)
