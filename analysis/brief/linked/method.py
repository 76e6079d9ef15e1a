"""The appendix of the brief on the linked study: how it was worked out, the study's settings, what may not be concluded."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.tables import DIAGNOSIS_FAMILIES, RESPONSE_MODES

MAY_NOT = (
    "That teams cause or spare anything: the two groups differ before the first response, and nothing is weighted here.",
    "That the groups are alike in what no claim shows. How grave a crisis was is written down for the team’s group alone, and is not used.",
    "Anything about children whom Medicaid’s records do not show, or who live where no team worked yet.",
    "How many children have a crisis: a crisis that met neither a team nor an emergency department is on no record.",
)
HOW = (
    "The study is laid out as the trial that it stands in for (target trial emulation, Hernán and Robins 2016, American Journal of Epidemiology "
    "183:758-764): eligibility, both arms and follow-up begin on one day, time zero.",
    "Time zero is the day of the first contact, with a team that was sent or with an emergency department. It is never the day of enrollment in "
    "stabilization, nor of the end of a visit. A team that was sent counts, whether or not it met anybody. What a team’s visit led to counts against the team.",
    "Baseline covariates come from claims, enrollment, placements and detentions alone, which record both arms alike. Who called, how urgent it was "
    "and the suicide screen are known for the team’s group only, and are left out.",
    "Standardized differences: Austin 2009, Statistics in Medicine 28:3083-3107; of several categories, Yang and Dalton 2012, SAS Global Forum, paper 335. "
    "They do not depend on the size of the study, as a p-value would.",
    "Median follow-up is by reverse Kaplan-Meier (Schemper and Smith 1996, Controlled Clinical Trials 17:343-346): the end of watching is the event, "
    "death is censored. 95% ranges of shares are Wilson’s.",
    "Death is a competing event. Leaving Medicaid, turning too old and the end of whole records censor.",
)


def settings(linked: Linked) -> Html:
    """Every setting of the study with its value."""
    if linked.tables is None:
        return Html("")
    rules = linked.study.cohort
    day = lambda value: wording.day_words(pd.Timestamp(value))  # noqa: E731
    rows = [
        ("Crises that bring a child in", f"{day(rules.index_from)} to {day(rules.index_to)}"),
        ("Claims are whole to (data cut)", day(rules.data_cut)),
        ("Ages on the day", f"{rules.ages.youngest} to {rules.ages.oldest}"),
        ("Responses that count as a team", f"a team was sent, or {' or '.join(RESPONSE_MODES[mode] for mode in rules.mobile_modes)}"),
        ("Behavioral-health emergency visit", f"definition {rules.ed_tier.upper()}"),
        ("Claims that are one visit", f"starts within {_days(rules.visit_merge_days)}"),
        ("Contacts that are one crisis", f"within {_days(rules.chain_days)}; the first one is the arm"),
        ("Looked back", "365 days, the index day not in it"),
        ("On Medicaid before", f"{_days(rules.enrolled_before_days)}, gaps of up to {_days(rules.enrollment_gap_days)} bridged"),
        ("A team in the county", f"for {_days(rules.live_days)} or more"),
        ("No other crisis before", f"for {_days(rules.washout_days)}"),
        ("Horizon of follow-up", _days(rules.horizon_days)),
        ("Watched until", f"the birthday at {rules.watched_until_age}"),
        ("Boarding", f"{rules.boarding_midnights} midnights or more in an emergency department"),
        ("A police hold, no placement", f"ended within {rules.hold_hours} hours"),
        ("Kinds of crisis that both groups have", "; ".join(DIAGNOSIS_FAMILIES[name] for name in rules.common_band)),
    ]  # fmt: skip
    return markup.table(rows, caption="Settings of the study", headers=["Setting", "Value"])


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def how(linked: Linked) -> Html:
    """How the figures were worked out, with sources."""
    return Html("") if linked.tables is None else markup.list_of(HOW)


def may_not_conclude(linked: Linked) -> Html:
    """What these figures do not say."""
    return Html("") if linked.tables is None else markup.list_of(MAY_NOT)


def subheading(linked: Linked, words: str) -> Html:
    """A heading inside the appendix; nothing where there are no linked tables."""
    return Html("") if linked.tables is None else markup.headline(words, level=3)
