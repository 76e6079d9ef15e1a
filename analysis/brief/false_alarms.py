"""How many signals chance alone gives in one packet: the charts that are judged, and their simulated rates."""

from analysis.brief import markup, signals, small_site
from analysis.brief.numbers import Numbers
from analysis.brief.signals import Signal
from analysis.quality.charts.false_alarms import read_false_alarms
from analysis.tables import STATEWIDE

# The intervals behind these marks are exact at 95%, and the limits of the funnel at 99.8%.
NOT_COUNTED = (
    "That leaves out marks against a standard, and sites held against the state or each other: of figures just at the standard "
    "or like the state, at most 5 in 100 are marked by chance."
)
ONCE = 0.67  # fewer than this are said as months to wait for one: "about every 2 months"


def judged_charts(numbers: Numbers) -> list[Signal]:
    """Every chart of the packet to whose last point a rule was applied.

    The state's of page one, each site's of its scorecard, and those of a hub's sites together on the pages of small sites.
    """
    asked = [(measure, STATEWIDE) for measure in numbers.cards.page_one]
    asked += [(measure, site) for site in numbers.pages["site_id"] for measure in numbers.cards.scorecard]
    asked += small_site.pooled_charts(numbers)
    found = [signals.signal(numbers, measure, site) for measure, site in asked]
    return [chart for chart in found if chart is not None and chart.has_rules]


def expected(numbers: Numbers) -> tuple[int, float]:
    """The charts judged, and the false signals that they give in a month in which nothing has changed."""
    rates, charts = read_false_alarms(), judged_charts(numbers)
    units = {name: card.unit for name, card in numbers.cards.cards.items()}
    return len(charts), sum(rates.rate(units[chart.measure], chart.n_points, chart.cases) for chart in charts)


def expected_words(numbers: Numbers) -> str:
    """The line on false alarms; empty where no chart can be judged."""
    charts, false = expected(numbers)
    if not charts:
        return ""
    moved = sum(chart.kind in signals.MOVED for chart in judged_charts(numbers))
    looks = "none looks changed" if not moved else f"{markup.number(moved)} {'looks' if moved == 1 else 'look'} changed"
    many = f"{'1 chart was' if charts == 1 else markup.number(charts) + ' charts were'} judged over time, and {looks}"
    if false < ONCE:
        still = f"one of them would still look changed about every {markup.number(1 / false)} months"
    else:
        still = f"about {markup.number(false)} would still look changed by chance"
    return f"{many}. If nothing had changed, {still}. {NOT_COUNTED}"
