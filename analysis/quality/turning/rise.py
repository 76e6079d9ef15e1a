"""Regression to the mean: a site that was picked for being low rises with no help at all, and by how much."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rise:
    """`seen` is the ratio of observed to expected when the site was picked; `awaited` what to await of the next months without help."""

    seen: float
    awaited: float

    @property
    def in_percent(self) -> float:
        """The rise that chance alone makes, as a percentage of what was seen; missing where nothing was seen.

        >>> Rise(seen=0.50, awaited=0.56).in_percent
        12.0
        """
        return round(100 * (self.awaited / self.seen - 1), 6) if self.seen else float("nan")


def rise_by_itself(observed: int, expected: float, mean_of_ratio: float) -> Rise:
    """What the next months will show without help: the mean of the site's true ratio, given its count and all other sites'.

    `mean_of_ratio` is the posterior mean of the true ratio from the sites taken together (analysis.quality.utilization): chance
    that made the site look low will not come again, what truly holds it down stays. Galton (1886); Barnett, van der Pols and
    Dobson (2005), Int J Epidemiol 34:215. Raises ValueError where nothing was expected.

    >>> rise_by_itself(12, 24.0, 0.56)
    Rise(seen=0.5, awaited=0.56)
    """
    if expected <= 0:
        raise ValueError("Without expected episodes there is no ratio that could rise.")
    return Rise(observed / expected, mean_of_ratio)
