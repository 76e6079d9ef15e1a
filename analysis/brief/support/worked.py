"""Did it work: use since the plan began against before, beside other sites, and what would have come by itself."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.support import shown
from analysis.brief.support.sources import Support
from analysis.quality.turning.change import change_of_use, changes_elsewhere
from analysis.quality.utilization.leaving import plan_may_end


def worked(support: Support, site: str) -> Html:
    """What is seen since the start, how sure, what others did meanwhile, and whether the plan may end."""
    plan = support.plans.get(site)
    if plan is None or plan.started_on is None or support.cannot:
        return markup.paragraph("No plan has begun, so nothing can be said of what it did.")
    if site not in support.use.sites or support.judged.loc[site, "class"] is None:
        return markup.paragraph("The site is not judged, so nothing can be said of what the plan did.")
    start = pd.Timestamp(plan.started_on)
    change = change_of_use(support.series(site), start)
    end = support.month.strftime("%B %Y")
    since = f"The plan began on {wording.day_words(start)}; this looks at whole months to {end}."
    if change.why_not or pd.isna(shown.observed(support, site)):
        said = [f"{since} That is too little to say what it did: {change.why_not or 'the counts are hidden'}."]
    else:
        said = [f"{since} {_step(change)}", _others(support, site, start)]
        if (rise := support.awaited(site)) is not None and rise.seen:
            said.append(
                f"By itself about {markup.number(100 * rise.awaited)} for every 100 expected would be likely, so a change of "
                f"{_percent(rise.awaited / rise.seen)} proves nothing."
            )
    said.append(_ending(support, site, start))
    said.append(
        "No test by chance orders is made here: this site was picked because it was low. Where the order of starting is drawn by lot, it is."
    )
    return markup.together(*(markup.paragraph(each) for each in said if each))


def _percent(ratio: float) -> str:
    """A ratio as a rise or fall.

    >>> _percent(1.2), _percent(0.9), _percent(1.001)
    ('20% up', '10% down', 'nothing')
    """
    change = round(100 * (ratio - 1))
    return "nothing" if change == 0 else f"{abs(change)}% {'up' if change > 0 else 'down'}"


def _step(change) -> str:
    what = f"Against what was expected of it, use since is {_percent(change.ratio)} on before (range {_percent(change.low)} to {_percent(change.high)})."
    if change.low > 1:
        return f"{what} That is a rise beyond chance; whether the plan made it is another question."
    if change.high < 1:
        return f"{what} That is a fall beyond chance."
    return f"{what} That could be chance alone."


def _others(support: Support, site: str, start: pd.Timestamp) -> str:
    others = {each: support.series(each) for each in support.comparable if each != site}
    low, high, known = changes_elsewhere(others, start)
    if not known:
        return ""
    return f"Over the same months {known} other sites moved between {_percent(low)} and {_percent(high)}, without a plan of this date."


def _ending(support: Support, site: str, start: pd.Timestamp) -> str:
    ending = plan_may_end(support.use, site, started=start.to_period("M"), month=support.month, rule=support.rule)
    if ending.may_end:
        return "By its use, the site may leave the plan: the evidence that began it has turned."
    return f"By its use, the site may not leave the plan yet. {wording.first_up(ending.why)}."
