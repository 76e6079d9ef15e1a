"""How fine a place's figures may be shown, and from when on: months give way to blocks of three months, then to the year, then to nothing.

A place is shown at the finest grain at which no cell of it is small from some month on; what lies before is hidden at that grain, all of
it: a single hidden month among shown ones could be worked out from the year. A place must not be found by subtracting the others from the
state, in any window: then another is shown from later on, or more coarsely, as well (analysis/brief/small_counts/covers.py). Last, everything
that is shown is put into one system of sums (sums.py), and more is hidden until it fixes no hidden count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.brief.small_counts.cells import NEVER, Grain, is_small, read_counts
from analysis.brief.small_counts.covers import close
from analysis.brief.small_counts.history import Ways, fit, ways_of
from analysis.brief.small_counts.pooled import Settled, admit_pools
from analysis.brief.small_counts.sums import Figure, Place, Sums, read_sums
from analysis.periods import Period, span
from analysis.quality.pools import Pool
from analysis.tables import STATEWIDE


@dataclass(frozen=True)
class Grains:
    """What may be shown of one measure.

    Attributes
    ----------
    since : pandas.DataFrame
        The month, by its ordinal, from which on a site or a pool may be shown, NEVER where not at all; by site_id, one column a grain.
    hidden_state : frozenset of str
        Windows, by name, in which the state's own figure is hidden.
    given_away : tuple of (str, str)
        Places and windows, by name, of which earlier releases alone fix a hidden count: nothing hidden now can help.
    """

    since: pd.DataFrame
    hidden_state: frozenset[str]
    given_away: tuple[tuple[str, str], ...] = ()

    @property
    def finest(self) -> pd.Series:
        """Index of the finest grain at which a site or a pool is shown, the number of grains where at none; by site_id."""
        return self.since.ge(NEVER).sum(axis=1)


@dataclass(frozen=True)
class Released:
    """What earlier releases showed of one measure: figures by place (several sites for a pool) and window, every window that they had,
    and the windows in which the state's figure may not be shown now, since an incomplete one was shown before.
    """

    figures: frozenset[tuple[str | tuple[str, ...], Period]] = frozenset()
    windows: frozenset[Period] = frozenset()
    never: frozenset[str] = frozenset()


def choose_grains(
    measures: pd.DataFrame,
    grains: Sequence[Grain],
    *,
    extra: Sequence[Period] = (),
    hide: str,
    unit: str,
    smallest: int,
    adds_up: bool = True,
    no_finer_than: Grains | None = None,
    released: Released | None = None,
    pools: Sequence[Pool] = (),
) -> Grains:
    """From when on every site is shown at each grain, and the windows in which the state is hidden, so that no small count can be worked out.

    Takes the rows of one measure (stratum "all"), nothing hidden, with statewide ones. Every grain is finer than the next, and
    the windows of a grain lie inside those of the next or outside them altogether. `extra` are windows that only the state is
    shown in, in the order of their worth; they may overlap the others. Under hide "people" one count a row counts people,
    under "all" the numerator and its complement too. Where `adds_up` is False (children, who may come twice) only the
    episodes behind the figure are added up over months and sites. `no_finer_than` is what another measure of the same
    episodes shows: a figure that is hidden there is hidden here. `released` joins the sums as published for good; then the
    rows hold every month of its windows too. `pools` are sites to be shown taken together as well, where that gives nothing away: the
    rows hold none of theirs, and no site or window is hidden for their sake.

    Whoever reads the pages is taken to know in which windows a place had nothing at all, as from its opening day.

    >>> from analysis.periods import period
    >>> rows = pd.DataFrame({"site_id": ["a"] * 3 + ["b"] * 3 + ["statewide"] * 3, "period": ["2026-01", "2026-02", "2026-01_2026-02"] * 3,
    ...     "numerator": [4, 9, 13, 20, 21, 41, 24, 30, 54], "denominator": [4, 9, 13, 20, 21, 41, 24, 30, 54]})
    >>> grains = [[period("2026-01"), period("2026-02")], [period("2026-01_2026-02")]]
    >>> choose_grains(rows, grains, hide="people", unit="count", smallest=11).finest.to_dict()   # b covers a
    {'a': 1, 'b': 1}
    """
    released = released or Released()
    earlier = _months_before(grains, released)
    counts = read_counts(measures, [*grains, extra, earlier], hide=hide, unit=unit)
    kinds = counts.state[0].shape[-1] if adds_up else 1
    places = {place for place, _ in released.figures}
    position = {place: at for place in places if (at := _position(place, counts.names)) != ()}
    figures = {(position[place], window) for place, window in released.figures if place in position}
    sums = [
        read_sums([each[..., kind] for each in counts.sites[:-1]], [each[..., kind] for each in counts.state[:-1]],
                  [*grains, extra], smallest, before=(earlier, counts.sites[-1][..., kind], counts.state[-1][..., kind]),
                  released=figures, told=released.windows) for kind in range(kinds)
    ]  # fmt: skip
    of_grains = counts.first(len(grains))
    ways, given = ways_of(grains), frozenset()
    may = fit(of_grains, ways, smallest)
    if no_finer_than is not None:
        floor = no_finer_than.since.reindex(counts.names).to_numpy()
        may &= (ways >= floor[:, None]).all(axis=2)
        given = no_finer_than.hidden_state
    small_extra = {
        window.name for window, state in zip(extra, counts.state[-2], strict=True) if is_small(state, smallest).any()
    }
    small_extra |= released.never
    since, hidden, guarded, lost = close(sums, of_grains, grains, Ways(ways, may), given, small_extra, smallest)
    extra_names = [window.name for window in extra]
    hidden |= _hidden_extra(sums, extra_names, since, hidden, guarded, given | small_extra, lost)
    large = [
        {
            window
            for grain, state in zip([*grains, extra], counts.state, strict=False)
            for window, count in zip(grain, state[:, kind], strict=True)
            if not is_small(count, smallest)
        }
        for kind in range(kinds)
    ]
    found = {
        figure
        for own, safe in zip(lost, large, strict=True)
        for figure in own
        if figure[0] is not None or figure[1] not in safe
    }
    names = [*counts.names, STATEWIDE]  # what places without a page have is the state's to say
    given_away = sorted((STATEWIDE if site is None else names[site], window.name) for site, window in found)
    settled = Settled(of_grains, grains, sums, since, hidden, guarded, smallest)
    pooled = {pool.pool_id: ways[-1] for pool in pools}
    if adds_up:
        floor = None if no_finer_than is None else no_finer_than.since
        pooled |= admit_pools(pools, settled, set(extra_names) - hidden, floor)
    by_place = pd.DataFrame(np.vstack([since, *pooled.values()]), index=[*counts.names, *pooled], dtype=int)
    return Grains(by_place, frozenset(hidden), tuple(given_away))


def _position(place: str | tuple[str, ...], names: list[str]) -> Place | tuple[()]:
    """Where the place stands among the sites; an empty tuple where it is no place any more."""
    if place == STATEWIDE:
        return None
    if isinstance(place, tuple):
        return tuple(names.index(each) for each in place) if set(place) <= set(names) else ()
    return names.index(place) if place in names else ()


def _months_before(grains: Sequence[Grain], released: Released) -> list[Period]:
    """The months of earlier releases that are no window of this one, in order."""
    here = {window.first for window in grains[0]}
    return [span(month, month) for month in sorted({m for window in released.windows for m in window.months} - here)]


def _hidden_extra(
    sums: list[Sums],
    extra: list[str],
    since: np.ndarray,
    hidden: set[str],
    guarded: list[set[str]],
    never: set[str],
    lost: list[set[Figure]],
) -> set[str]:
    """The extra windows that give something away beside those before them, or are `never` shown."""
    shown: list[str] = []
    for name in extra:
        tried = [*shown, name]
        if name not in never and not any(
            (leak.site, leak.window) not in alone
            for each, own, alone in zip(sums, guarded, lost, strict=False)
            for leak in each.leaks(since, hidden, own, tried)
        ):
            shown = tried
    return set(extra) - set(shown)
