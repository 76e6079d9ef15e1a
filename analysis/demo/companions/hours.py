"""The hours in which each site's teams can go out."""

import numpy as np
import pandas as pd

from analysis.demo.companions.parts import Held, Pattern
from analysis.demo.draws import DAY
from analysis.demo.scenario import Scenario
from analysis.params import ParamsError
from analysis.tables import SITE_HOURS, WEEKDAYS


def make_hours(sites: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The site_hours table: one row per site, span of days, weekday and stretch of hours.

    A site's spans follow each other; the last ends with its closing. Raises ParamsError for a site's pattern that begins before
    the one above it.
    """
    parts, rows = scenario.companions.hours, []
    for site in sites.itertuples():
        spans = parts.by_site.get(site.site_id, (Held(pattern=parts.ordinary),))
        starts = [site.opened_on if span.from_on is None else pd.Timestamp(span.from_on) for span in spans]
        if starts != sorted(set(starts)):
            raise ParamsError(
                f"params/demo/state.yml: companions.hours.by_site: {site.site_id}: a pattern begins before the one above it. "
                "Write them in the order of their days."
            )
        ends = [start - DAY for start in starts[1:]] + [site.closed_on]
        for span, start, end in zip(spans, starts, ends, strict=True):
            rows += [
                (site.site_id, start, end, weekday, stretch.from_hour, stretch.to_hour)
                for stretch in parts.patterns[span.pattern]
                for weekday in stretch.weekdays
            ]
    hours = pd.DataFrame(rows, columns=SITE_HOURS.names)
    day = hours["weekday"].map(list(WEEKDAYS).index)
    return hours.assign(day=day).sort_values(["site_id", "from_on", "day", "from_hour"], ignore_index=True)[
        SITE_HOURS.names
    ]


def is_covered(requests: pd.DataFrame, scenario: Scenario) -> np.ndarray:
    """True where the site's own team goes out at the hour of the request. Takes one row per request (site_id, requested_at)."""
    parts, at = scenario.companions.hours, requests["requested_at"]
    week = {name: _hours_of(stretches) for name, stretches in parts.patterns.items()}
    hour = at.dt.dayofweek.to_numpy() * 24 + at.dt.hour.to_numpy()
    covered = week[parts.ordinary][hour]
    for site_id, spans in parts.by_site.items():
        own = requests["site_id"].eq(site_id).to_numpy()
        for span in spans:
            since = np.ones(len(requests), dtype=bool) if span.from_on is None else at.ge(pd.Timestamp(span.from_on))
            covered = np.where(own & since, week[span.pattern][hour], covered)
    return covered


def _hours_of(stretches: tuple[Pattern, ...]) -> np.ndarray:
    """True for each of the week's 168 hours, Monday's midnight first, that a pattern covers."""
    covered = np.zeros((7, 24), dtype=bool)
    for stretch in stretches:
        days = [list(WEEKDAYS).index(each) for each in stretch.weekdays]
        covered[days, stretch.from_hour : stretch.to_hour] = True
    return covered.ravel()
