"""How far the service has come: sites, hubs, readiness, certified staff, and the counties that nobody covers yet."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.support import shown
from analysis.brief.support.sources import Support
from analysis.params import disclosure
from analysis.quality.rollout import count_sites, uncovered_counties

ROUNDED_TO = 100  # children: a county's count is an estimate


def rollout(support: Support) -> Html:
    """Sites open against those planned, hubs with those that belong to them, readiness, certified staff, first response."""
    rows = count_sites(support.tables, support.as_of)
    planned = support.numbers.study.rollout
    count = int(rows["state"].eq("open").sum())
    first = (
        f"{count} of {planned.sites_planned} planned sites are open."
        if planned
        else f"{count} sites are open. How many are planned is not entered."
    )
    names = dict(zip(rows["site_id"], rows["name"], strict=True))
    lines = [
        (
            row.name,
            row.state
            if pd.isna(row.opened_on) or row.state != "open"
            else f"open since {wording.day_words(row.opened_on)}",
            "hub"
            if row.site_id in set(rows["hub_id"].dropna())
            else names.get(row.hub_id, "on its own")
            if pd.notna(row.hub_id)
            else "on its own",
            "not recorded"
            if pd.isna(row.ready)
            else f"{markup.number(100 * row.ready)} of 100 ({row.assessed_on.strftime('%B %Y')})",
            "not recorded" if pd.isna(row.staff) else f"{row.certified} of {row.staff}",
            _first(support, row),
        )
        for row in rows.itertuples(index=False)
    ]
    heads = [
        "Site",
        "Stands",
        "Belongs to",
        "Readiness items met",
        "Staff certified",
        "From first readiness check to first visit",
    ]
    source = [Html(f'<p class="note">{markup.escaped(f"Planned sites: {planned.source}.")}</p>')] if planned else []
    return markup.together(
        markup.paragraph(first),
        markup.table(lines, caption=f"The rollout on {wording.day_words(support.as_of)}", headers=heads),
        *source,
        _counties(support),
    )


def _first(support: Support, row) -> str:
    """Days, in whole weeks; hidden where the site's year is, since the day of the first visit is about one child."""
    if pd.isna(row.days_to_first_response):
        return "not known"
    if pd.isna(shown.observed(support, row.site_id)):
        return disclosure().mark
    weeks = round(row.days_to_first_response / 7)
    return "under a week" if weeks < 1 else f"about {weeks} weeks"


def _counties(support: Support) -> Html:
    if (
        "site_counties" not in support.tables
        or "population" not in support.tables
        or support.numbers.study.ages is None
    ):
        return markup.paragraph(
            "Which counties are not covered cannot be said: the study has no table of sites' counties or of children."
        )
    rows = uncovered_counties(support.tables, support.as_of, ages=support.numbers.study.ages)
    if rows.empty:
        return markup.paragraph("Every county with known children is in a site's care.")
    rounded = (rows["not_covered"] / ROUNDED_TO).round() * ROUNDED_TO
    lines = [
        (row.county_name, "all" if row.covered == 0 else f"{markup.number(100 * (1 - row.covered))} of 100", markup.number(children) if children else f"fewer than {ROUNDED_TO // 2}")
        for row, children in zip(rows.itertuples(), rounded, strict=True)
    ]  # fmt: skip
    heads = ["County", "Not covered", "Children not covered, about"]
    ages = support.numbers.study.ages
    said = f"About {markup.number(rounded.sum())} children of {ages.youngest} to {ages.oldest} years live where no open site goes."
    return markup.together(
        markup.paragraph(said),
        markup.table(lines, caption="Counties not fully covered", headers=heads, numeric=heads[1:]),
    )
