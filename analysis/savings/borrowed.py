"""Connecticut's effect on local volumes: what it would come to here if it held here. Borrowed, not measured here.

Fendrich et al. 2019, Psychiatric Services 70:881: 2,532 children seen by mobile crisis teams and 3,961 seen in an emergency
department, 18 months. Two doubts travel with it: the comparison children were taken in on an emergency department visit, and
a ratio says nothing about how many visits there would have been.
"""

from dataclasses import dataclass

from analysis.savings.assumptions import Assumption

LABEL = "borrowed, not measured here"


@dataclass(frozen=True)
class Borrowed:
    """A borrowed effect on local volumes: above 0 for fewer. low and high carry the published interval alone."""

    what: str
    children: int
    best: float
    low: float
    high: float
    label: str = LABEL


def fewer_visits(children: int, later_visits: float, ratio: Assumption) -> Borrowed:
    """Fewer emergency department visits in 18 months among `children`, if the published rate ratio held here.

    `later_visits` is the expected number per child without the service: where nobody has counted it here, show the
    result for the whole range of the assumption. children x later_visits x (1 - ratio), at the ratio and at its two ends.

    >>> from analysis.savings.assumptions import one_assumption, read_assumptions
    >>> ratio = one_assumption(read_assumptions("demo"), "ed_visits_ratio")
    >>> borrowed = fewer_visits(100, 0.5, ratio)   # 100 x 0.5 x 0.22; the ends x 0.13 and x 0.29
    >>> round(borrowed.best, 1), round(borrowed.low, 1), round(borrowed.high, 1), borrowed.label
    (11.0, 6.5, 14.5, 'borrowed, not measured here')
    """
    _check(ratio, "ratio", children)
    if later_visits < 0:
        raise ValueError(f"Later visits per child are {later_visits}. Allowed is a number of 0 or more.")
    best, low, high = (children * later_visits * (1 - value) for value in (ratio.value, ratio.high, ratio.low))
    return Borrowed("emergency department visits in 18 months", children, best, low, high)


def fewer_children_with_a_visit(children: int, risk: float, odds_ratio: Assumption) -> Borrowed:
    """Fewer children with any emergency department visit in 18 months, if the published odds ratio held here.

    `risk` is the share who would have one without the service. An odds ratio is no ratio of risks: it is applied to the
    odds, and what it comes to depends on the risk. children x (risk - risk under the odds ratio).

    >>> from analysis.savings.assumptions import one_assumption, read_assumptions
    >>> ratio = one_assumption(read_assumptions("demo"), "ed_visit_odds_ratio")
    >>> round(fewer_children_with_a_visit(1000, 0.30, ratio).best)   # 1,000 x (0.300 - 0.243)
    57
    """
    _check(odds_ratio, "odds_ratio", children)
    best, low, high = (
        children * (risk - risk_under(value, risk)) for value in (odds_ratio.value, odds_ratio.high, odds_ratio.low)
    )
    return Borrowed("children with an emergency department visit in 18 months", children, best, low, high)


def risk_under(odds_ratio: float, risk: float) -> float:
    """The risk that an odds ratio makes of a risk; 0 stays 0 and 1 stays 1.

    >>> round(risk_under(0.75, 0.30), 3), round(risk_under(0.75, 0.60), 3)   # 0.225 / 0.925; 0.45 / 0.85
    (0.243, 0.529)
    """
    if not 0 <= risk <= 1:
        raise ValueError(f"The risk is {risk}. Allowed is a share from 0 to 1: divide a percent by 100.")
    return odds_ratio * risk / (1 - risk + odds_ratio * risk)


def _check(assumption: Assumption, kind: str, children: int) -> None:
    if assumption.kind != kind:
        raise ValueError(f"{assumption.item} is a {assumption.kind}; needed is a {kind}, which is applied differently.")
    if assumption.low is None or assumption.high is None:
        raise ValueError(f"{assumption.item} has no interval. A borrowed effect is shown with its own.")
    if children < 0:
        raise ValueError(f"There are {children} children. Allowed is a number of 0 or more.")
