"""Rating scales of params/scales.yml: range, good direction, and how large a change must be to be more than the scale's noise."""

import math
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import stats

from analysis.params import ROOT, Record, Words, read_record
from analysis.tables import SCALES

SCALES_FILE = Path("params") / "scales.yml"
CONFIDENCE_Z = 1.96  # Jacobson and Truax 1991, p. 14: beyond it, chance alone has less than 5 in 100


class Scale(Record):
    """One rating scale.

    Attributes
    ----------
    lowest, highest : float
        The range of the score, both ends included.
    better : str
        "lower" or "higher".
    sd_at_intake : float
        Standard deviation of the score at intake.
    retest_r : float
        Correlation of two ratings without a change between them. Alpha is too kind: it leaves out the rater's day.
    points : float
        A change that is customarily called reliable.
    rule : str
        "rci": a change is reliable from the reliable change index on; "points": from `points` on.
    cutoff : float
        The score that parts the clinical range from the ordinary; at it, a child is in the clinical range.
    illustrative : bool
        True where sd_at_intake, retest_r, points or cutoff were recalled and not read in a source; `source` says which.
    """

    lowest: float
    highest: float
    better: Literal["lower", "higher"]
    sd_at_intake: Annotated[float, Field(gt=0)]
    retest_r: Annotated[float, Field(ge=0, lt=1)]
    points: Annotated[float, Field(gt=0)]
    rule: Literal["rci", "points"]
    cutoff: float | None = None
    illustrative: bool
    source: Words

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g}) is not below highest ({self.highest:g})")
        if self.cutoff is not None and not self.lowest <= self.cutoff <= self.highest:
            raise ValueError(f"cutoff ({self.cutoff:g}) lies outside {self.lowest:g} to {self.highest:g}")
        return self

    @property
    def sign(self) -> int:
        """1 where a higher score is better, -1 where a lower one is."""
        return 1 if self.better == "higher" else -1

    @property
    def threshold(self) -> float:
        """The change, in points, from which on it is reliable."""
        return reliable_change_index(self) if self.rule == "rci" else self.points


class Scales(Record):
    """params/scales.yml: every scale, by its code in the table `scales`."""

    scales: dict[Literal[tuple(SCALES)], Scale]


def read_scales(*, root: Path = ROOT) -> dict[str, Scale]:
    """The scales by their code.

    >>> read_scales()["ohio_problems"].better
    'lower'
    """
    return dict(read_record(root / SCALES_FILE, Scales).scales)


def reliable_change_index(scale: Scale) -> float:
    """The change in points that noise alone exceeds in 5 of 100 children, in either direction.

    1.96 x SD at intake x sqrt(2) x sqrt(1 - r). Jacobson and Truax 1991, Journal of Consulting and Clinical Psychology
    59:12-19, p. 14.

    >>> from analysis.quality.scales import read_scales
    >>> scale = read_scales()["ohio_problems"].model_copy(update={"sd_at_intake": 14, "retest_r": 0.85})
    >>> round(reliable_change_index(scale), 1)
    15.0
    """
    return CONFIDENCE_Z * _noise(scale)


def chance_share(scale: Scale, *, threshold: float | None = None) -> float:
    """The share of children who pass the threshold in the good direction although nothing changed in any of them.

    Phi(-threshold / (SD x sqrt(2 (1 - r)))): the difference of two ratings of one unchanged child is normal. The share that
    improved is held against this one, never against none. As many seem to get worse.

    >>> scale = read_scales()["ohio_problems"].model_copy(update={"sd_at_intake": 14, "retest_r": 0.85})
    >>> round(chance_share(scale), 3), round(chance_share(scale, threshold=10), 3)
    (0.025, 0.096)
    """
    return float(stats.norm.cdf(-(scale.threshold if threshold is None else threshold) / _noise(scale)))


def chance_share_of_severe(scale: Scale, *, mean: float, severe_from: float, threshold: float | None = None) -> float:
    """The same share among children whose first rating was severe: they were rated on a bad day more often than on a good one.

    `mean` is that of the first ratings; severe is `severe_from` or worse. Given the first rating x, the second is normal about
    mean + r (x - mean) with variance SD^2 (1 - r^2), so the change is too; it is averaged over the first ratings beyond the
    cut (numerical integration over 4,000 equal steps of the normal to 8 SD; error below 0.0005).

    >>> scale = read_scales()["ohio_problems"].model_copy(update={"sd_at_intake": 14, "retest_r": 0.85})
    >>> round(chance_share_of_severe(scale, mean=30, severe_from=40, threshold=10), 3)
    0.164
    """
    least = scale.threshold if threshold is None else threshold
    r, sd = scale.retest_r, scale.sd_at_intake
    cut = -scale.sign * (severe_from - mean) / sd  # how far on the bad side of the mean, in SD
    first = np.linspace(cut, max(cut, 0.0) + 8.0, 4001)
    weight = stats.norm.pdf(first)
    # In SD on the bad side: the change to the good side is first - second, about (1 - r) first.
    passed = stats.norm.sf((least / sd - (1 - r) * first) / math.sqrt(1 - r**2))
    return float(np.trapezoid(weight * passed, first) / np.trapezoid(weight, first))


def _noise(scale: Scale) -> float:
    """Standard deviation of the difference of two ratings of a child who did not change."""
    return scale.sd_at_intake * math.sqrt(2 * (1 - scale.retest_r))
