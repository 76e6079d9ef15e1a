"""Everything that is shown of one measure as one system of sums, and the hidden counts that it fixes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from analysis.brief.small_counts.cells import NEVER
from analysis.periods import Period

FIXED = 1e-6  # a random move of the hidden counts that leaves every shown sum alone moves a fixed one by less
SEED_OF_THE_MOVE = 20261122
RIDGE, STILL, MOST_PASSES = 1e-9, 1e-10, 50  # how far off, when a sum counts as unmoved, and when to stop
DEPENDENT = 1e-10  # an eigenvalue below this part of the largest is none: one sum follows from others


Place = int | tuple[int, ...] | None  # a site by its position, several taken together, or the state
Figure = tuple[Place, Period]  # a place in a window


@dataclass(frozen=True)
class Leak:
    """A hidden count that the shown sums fix: at a place, in a window as fine as a grain."""

    site: Place
    grain: int
    window: Period


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
    released : frozenset of Figure, what earlier releases showed: public for good
    older : list of (Figure, grain), small counts beside those of the sites in the windows: in windows of earlier releases that this one
        does not have, and of sites taken together
    pooled : list of (tuple of int, array), sites that are shown taken together, and from which month on, by grain
    """

    windows: list[Sequence[Period]]
    sites: list[np.ndarray]
    state: list[np.ndarray]
    months: np.ndarray
    any_there: np.ndarray
    smallest: int
    released: frozenset[Figure] = frozenset()
    older: Sequence[tuple[Figure, int]] = ()
    pooled: Sequence[tuple[tuple[int, ...], np.ndarray]] = ()

    @cached_property
    def starts(self) -> list[np.ndarray]:
        """The first month of each window, by ordinal, one array a grain."""
        return [np.array([window.first.ordinal for window in grain], int) for grain in self.windows]

    def leaks(
        self, since: np.ndarray, state_hidden: Collection[str], guarded: Collection[str], extra: Collection[str] = ()
    ) -> list[Leak]:
        """The small hidden counts, and the guarded windows of the state, that the shown sums fix; coarse windows first.

        `since` is the first month of which each site is shown, by grain (site, grain).
        A random vector is projected on the moves of the hidden counts that leave every shown sum alone. A count that does not
        move is fixed; one that moves is not, since every hidden count is positive and a short enough move is possible.
        """
        unknown = self._unknown(since)
        move = self._move(since, state_hidden, extra, unknown)
        found = [leak for leak, line in self._targets(since, guarded, unknown) if abs(line @ move) < FIXED]
        order = {leak: (-leak.grain, _rank(leak.site), leak.window) for leak in found}
        return sorted(found, key=order.__getitem__)

    def fixes(self, leak: Leak, since: np.ndarray, state_hidden: Collection[str]) -> bool:
        """True where the shown sums fix this one."""
        unknown = self._unknown(since)
        move = self._move(since, state_hidden, (), unknown)
        return abs(self._line(leak.site, leak.window, unknown) @ move) < FIXED

    def _move(self, since, state_hidden, extra, unknown) -> np.ndarray:
        """How the unknown counts may move at once with every shown sum left alone."""
        shown = np.array([line for line, _ in self._shown(since, state_hidden, extra, unknown)])
        start = np.random.default_rng(SEED_OF_THE_MOVE).standard_normal(int(unknown.sum()))
        return free_move(shown, start) if len(shown) else start

    def behind(
        self, leak: Leak, since: np.ndarray, state_hidden: Collection[str]
    ) -> tuple[dict[int, list[tuple[int, int]]], list[str]]:
        """The shown sums that give a leak away: figures (grain, first month) by site, and windows of the state, the best one to hide first.

        Of the state's windows that is a fine one, near, with a small count; what the brief is about comes last of all. What
        earlier releases showed is not among them: nobody can hide it.
        """
        unknown = self._unknown(since)
        shown = self._shown(since, state_hidden, (), unknown)
        parts = weights(np.array([line for line, _ in shown]), self._line(leak.site, leak.window, unknown))
        news = self.windows[-2][-1].last

        def worth(at: int, number: int) -> tuple:
            window = self.windows[at][number]
            away = abs(window.last.ordinal - leak.window.last.ordinal)
            return window.first <= news <= window.last, at, away, self.state[at][number], window.name

        taking_part = [told for weight, (_, told) in zip(parts, shown, strict=True) if abs(weight) > FIXED and told]
        sites: dict[int, list[tuple[int, int]]] = {}
        for site, at, number in taking_part:
            if site is not None:
                sites.setdefault(site, []).append((at, int(self.starts[at][number])))
        windows = sorted(worth(at, number) for site, at, number in taking_part if site is None)
        return sites, [name for *_, name in windows]

    def _unknown(self, since: np.ndarray) -> np.ndarray:
        """True for each place and month of which the count is neither shown nor known to be none."""
        by_month = np.isin(self.months, self.starts[0])
        shown = self.months >= np.append(since[:, 0], NEVER)[:, None]
        known = np.zeros_like(self.any_there)
        for site, window in self.released:
            if isinstance(site, int) and window.first == window.last:
                known[site] |= self.months == window.first.ordinal
        return self.any_there & ~(shown & by_month) & ~known

    def _line(self, site: Place, window: Period, unknown: np.ndarray) -> np.ndarray:
        """1 for each unknown count that belongs to the place and window."""
        inside = (self.months >= window.first.ordinal) & (self.months <= window.last.ordinal)
        belongs = np.zeros_like(unknown)
        belongs[slice(None) if site is None else list(site) if isinstance(site, tuple) else site] = inside
        return belongs[unknown].astype(float)

    def _shown(
        self, since, state_hidden, extra, unknown
    ) -> list[tuple[np.ndarray, tuple[int | None, int, int] | None]]:
        """Every shown sum with an unknown count in it, and whose it is: site (None for the state), grain, window.

        One that an earlier release showed is nobody's: hiding it now would not take it back. Nor are sites taken together, which
        are shown only where they give nothing away.
        """
        grains = len(self.windows) - 1
        told = [
            (site, at, int(number))
            for site, own in enumerate(since)
            for at in range(1, grains)
            for number in np.flatnonzero(self.starts[at] >= own[at])
        ]
        for at, grain in enumerate(self.windows):
            for number, window in enumerate(grain):
                if (window.name not in state_hidden) if at < grains else (window.name in extra):
                    told.append((None, at, number))
        out = {_span(site, window) for site, window in self.released}
        new = [(site, self.windows[at][number], (site, at, number)) for site, at, number in told]
        every = [
            *((site, window, None) for site, window in sorted(self.released, key=_order)),
            *(each for each in new if _span(each[0], each[1]) not in out),
            *(
                (sites, window, None)
                for sites, own in self.pooled
                for at in range(grains)
                for window in self.windows[at]
                if window.first.ordinal >= own[at] and _span(sites, window) not in out
            ),
        ]
        lines = [(self._line(site, window, unknown), whose) for site, window, whose in every]
        return [(line, whose) for line, whose in lines if line.any()]

    def _targets(self, since, guarded, unknown) -> list[tuple[Leak, np.ndarray]]:
        """The hidden counts that must stay unknown, those of earlier releases among them."""
        found = [Leak(site, at, window) for (site, window), at in self.older]
        for at, grain in enumerate(self.windows):
            if at < len(self.windows) - 1:
                small = (self.sites[at] > 0) & (self.sites[at] < self.smallest)
                small &= self.starts[at] < np.append(since[:, at], NEVER)[:, None]
                found += [Leak(int(site), at, grain[number]) for site, number in zip(*np.nonzero(small), strict=True)]
            found += [Leak(None, at, window) for window in grain if window.name in guarded]
        out = {_span(site, window) for site, window in self.released}
        lines = [
            (leak, self._line(leak.site, leak.window, unknown))
            for leak in found
            if _span(leak.site, leak.window) not in out
        ]
        return [(leak, line) for leak, line in lines if line.any()]


def _span(site: Place, window: Period) -> tuple:
    """A figure by its months: a quarter has two names."""
    return site, window.first.ordinal, window.last.ordinal


def _order(figure: Figure) -> tuple:
    site, window = figure
    return _rank(site), window


def _rank(site: Place) -> tuple[int, ...]:
    """The state first, then by position."""
    return () if site is None else site if isinstance(site, tuple) else (site,)


def free_move(shown: np.ndarray | sparse.csr_matrix, start: np.ndarray) -> np.ndarray:
    """What is left of the start once no shown sum moves: its projection on the moves that leave them all alone.

    Sums that follow from others make the equations singular, so they are solved a little off and again for what is left, until
    nothing is: each pass multiplies the part to be removed by far less than one, and leaves the rest as it is.

    >>> free_move(np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]]), np.array([1.0, 0.0, 3.0])).round(9).tolist()
    [0.5, -0.5, 3.0]
    """
    gram = shown @ shown.T
    gram = gram.toarray() if sparse.issparse(gram) else gram
    gram[np.diag_indices_from(gram)] += RIDGE * gram.max()
    factor, move = cho_factor(gram), start
    for _ in range(MOST_PASSES):
        moved = shown @ move
        if np.abs(moved).max() < STILL:
            return move
        move = move - shown.T @ cho_solve(factor, moved)
    raise ArithmeticError(
        "The shown sums could not be solved, so nobody knows what they give away; nothing may be shown."
    )


def weights(shown: np.ndarray, aim: np.ndarray) -> np.ndarray:
    """The smallest weights of the shown sums that come as near to the aim as sums can."""
    return np.linalg.pinv(shown @ shown.T, rtol=DEPENDENT, hermitian=True) @ (shown @ aim)


def read_sums(
    sites: list[np.ndarray],
    state: list[np.ndarray],
    windows: list[Sequence[Period]],
    smallest: int,
    *,
    before: tuple[Sequence[Period], np.ndarray, np.ndarray] | None = None,
    released: Collection[Figure] = (),
    told: Collection[Period] = (),
) -> Sums:
    """The sums of one count: arrays (site, window) and (window), one a grain, the last for windows of the state alone.

    Earlier releases add what they showed (`released`), the windows that they had (`told`), and the counts by month (`before`:
    months, sites, state) of the months in those windows that this release has not.
    """
    elsewhere = [np.maximum(whole - parts.sum(axis=0), 0) for whole, parts in zip(state, sites, strict=True)]
    places = [np.vstack([parts, rest]) for parts, rest in zip(sites, elsewhere, strict=True)]
    every = {month.ordinal for grain in windows for window in grain for month in window.months}
    months = np.array(sorted(every | {month.ordinal for window in told for month in window.months}))
    counts = np.full((len(places[0]), len(months)), np.nan)
    counts[:, np.searchsorted(months, [window.first.ordinal for window in windows[0]])] = places[0]
    if before is not None and len(before[0]):
        earlier = np.vstack([before[1], np.maximum(before[2] - before[1].sum(axis=0), 0)])
        counts[:, np.searchsorted(months, [window.first.ordinal for window in before[0]])] = earlier
    any_there = ~(counts == 0)
    own = {(window.first, window.last) for grain in windows for window in grain}
    older = []
    for window in sorted(told):
        if (window.first, window.last) not in own:
            inside = (months >= window.first.ordinal) & (months <= window.last.ordinal)
            whole = counts[:, inside].sum(axis=1)
            at = _as_fine_as(window, len(windows) - 2)
            older += [((int(site), window), at) for site in np.flatnonzero((whole > 0) & (whole < smallest))]
            older += [((None, window), at)] if 0 < whole.sum() < smallest else []
    return Sums(list(windows), places, state, months, any_there, smallest, frozenset(released), older)


def _as_fine_as(window: Period, coarsest: int) -> int:
    """The grain that a window of an earlier release belonged to, by its length."""
    return min(len(window.months) > 1, coarsest) if len(window.months) <= 3 else coarsest
