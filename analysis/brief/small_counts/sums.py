"""Everything that is shown of one measure as one system of sums, and the hidden counts that it fixes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.periods import Period

FIXED = 1e-6  # a random move of the hidden counts that leaves every shown sum alone moves a fixed one by less
SEED_OF_THE_MOVE = 20261122
DEPENDENT = 1e-10  # an eigenvalue below this part of the largest is none: one sum follows from others


@dataclass(frozen=True)
class Leak:
    """A hidden count that the shown sums fix: at a site (its position; None for the state), in a window of a grain."""

    site: int | None
    grain: int
    window: int


@dataclass(frozen=True)
class Sums:
    """One count of one measure by place and window. What can be summed is the count of a place in a month.

    Attributes
    ----------
    windows : list of lists of Period, one a grain; the last holds those that only the state is shown in
    sites, state : lists of arrays, (site, window) and (window), one a grain; places without a page come last among the sites
    months : array of int, every month of any window
    any_there : bool array (site, month), False where a place is known to have had none
    smallest : int, the smallest count that may be shown
    """

    windows: list[Sequence[Period]]
    sites: list[np.ndarray]
    state: list[np.ndarray]
    months: np.ndarray
    any_there: np.ndarray
    smallest: int

    def leaks(
        self, finest: np.ndarray, state_hidden: Collection[str], guarded: Collection[str], extra: Collection[str] = ()
    ) -> list[Leak]:
        """The small hidden counts, and the guarded windows of the state, that the shown sums fix; coarse windows first.

        A random vector is projected on the moves of the hidden counts that leave every shown sum alone. A count that does not
        move is fixed; one that moves is not, since every hidden count is positive and a short enough move is possible.
        """
        unknown = self._unknown(finest)
        shown = np.array([line for line, _ in self._shown(finest, state_hidden, extra, unknown)])
        start = np.random.default_rng(SEED_OF_THE_MOVE).standard_normal(int(unknown.sum()))
        move = start - shown.T @ _weights(shown, start) if len(shown) else start
        found = [
            leak for leak, line in self._targets(finest, state_hidden, guarded, unknown) if abs(line @ move) < FIXED
        ]
        return sorted(found, key=lambda leak: (-leak.grain, -1 if leak.site is None else leak.site, leak.window))

    def behind(self, leak: Leak, finest: np.ndarray, state_hidden: Collection[str]) -> tuple[list[int], list[str]]:
        """The shown sums that give a leak away: sites by position, and windows of the state, the best one to hide first.

        Of the state's windows that is a fine one, near, with a small count; what the brief is about comes last of all.
        """
        unknown = self._unknown(finest)
        shown = self._shown(finest, state_hidden, (), unknown)
        here = self.windows[leak.grain][leak.window]
        weights = _weights(np.array([line for line, _ in shown]), self._line(leak.site, here, unknown))
        news = self.windows[-2][-1].last

        def worth(at: int, number: int) -> tuple:
            window = self.windows[at][number]
            away = abs(window.last.ordinal - here.last.ordinal)
            return window.first <= news <= window.last, at, away, self.state[at][number], window.name

        taking_part = [told for weight, (_, told) in zip(weights, shown, strict=True) if abs(weight) > FIXED]
        sites = sorted({site for site, _, _ in taking_part} - {None, leak.site})
        windows = sorted(worth(at, number) for site, at, number in taking_part if site is None)
        return sites, [name for *_, name in windows]

    def _unknown(self, finest: np.ndarray) -> np.ndarray:
        """True for each place and month of which the count is neither shown nor known to be none."""
        by_month = np.isin(self.months, [window.first.ordinal for window in self.windows[0]])
        shown = np.append(finest == 0, False)
        return self.any_there & ~(shown[:, None] & by_month)

    def _line(self, site: int | None, window: Period, unknown: np.ndarray) -> np.ndarray:
        """1 for each unknown count that belongs to the place and window."""
        inside = (self.months >= window.first.ordinal) & (self.months <= window.last.ordinal)
        belongs = np.zeros_like(unknown)
        belongs[slice(None) if site is None else site] = inside
        return belongs[unknown].astype(float)

    def _shown(self, finest, state_hidden, extra, unknown) -> list[tuple[np.ndarray, tuple[int | None, int, int]]]:
        """Every shown sum with an unknown count in it, and whose it is: site (None for the state), grain, window."""
        grains = len(self.windows) - 1
        told = [
            (site, at, number)
            for site, own in enumerate(finest)
            for at in range(max(own, 1), grains)
            for number in range(len(self.windows[at]))
        ]
        for at, grain in enumerate(self.windows):
            for number, window in enumerate(grain):
                if (window.name not in state_hidden) if at < grains else (window.name in extra):
                    told.append((None, at, number))
        lines = [(self._line(site, self.windows[at][number], unknown), (site, at, number)) for site, at, number in told]
        return [(line, whose) for line, whose in lines if line.any()]

    def _targets(self, finest, state_hidden, guarded, unknown) -> list[tuple[Leak, np.ndarray]]:
        """The hidden counts that must stay unknown."""
        found = []
        for at, grain in enumerate(self.windows):
            if at < len(self.windows) - 1:
                small = (self.sites[at] > 0) & (self.sites[at] < self.smallest)
                small &= (np.append(finest, at + 1) > at)[:, None]
                found += [Leak(int(site), at, int(number)) for site, number in zip(*np.nonzero(small), strict=True)]
            found += [Leak(None, at, number) for number, window in enumerate(grain) if window.name in guarded]
        lines = [(leak, self._line(leak.site, self.windows[leak.grain][leak.window], unknown)) for leak in found]
        return [(leak, line) for leak, line in lines if line.any()]


def _weights(shown: np.ndarray, aim: np.ndarray) -> np.ndarray:
    """The smallest weights of the shown sums that come as near to the aim as sums can."""
    return np.linalg.pinv(shown @ shown.T, rtol=DEPENDENT, hermitian=True) @ (shown @ aim)


def read_sums(sites: list[np.ndarray], state: list[np.ndarray], windows: list[Sequence[Period]], smallest: int) -> Sums:
    """The sums of one count: arrays (site, window) and (window), one a grain, the last for windows of the state alone."""
    elsewhere = [np.maximum(whole - parts.sum(axis=0), 0) for whole, parts in zip(state, sites, strict=True)]
    places = [np.vstack([parts, rest]) for parts, rest in zip(sites, elsewhere, strict=True)]
    every = {month.ordinal for grain in windows for window in grain for month in window.months}
    months = np.array(sorted(every))
    any_there = np.ones((len(places[0]), len(months)), bool)
    first = [window.first.ordinal for window in windows[0]]
    any_there[:, np.searchsorted(months, first)] = places[0] > 0
    return Sums(list(windows), places, state, months, any_there, smallest)
