"""How fine a place's figures may be shown: months give way to blocks of three months, then to the year, then to nothing.

A place is shown at one grain throughout its history, the finest at which no cell of it is small; a single hidden month among
shown ones could be worked out from the year. A place that is shown more coarsely must not be found by subtracting the others
from the state: then the smallest of the others is shown more coarsely as well. Last, everything that is shown is put into one
system of sums (analysis/brief/small_counts/sums.py), and more is hidden until it fixes no hidden count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.brief.small_counts.cells import Counts, Grain, is_small, own_finest, read_counts, unsafe
from analysis.brief.small_counts.pooled import Settled, admit_pools
from analysis.brief.small_counts.sums import Figure, Leak, Place, Sums, read_sums
from analysis.periods import Period, span
from analysis.quality.pools import Pool
from analysis.tables import STATEWIDE


@dataclass(frozen=True)
class Grains:
    """What may be shown of one measure.

    Attributes
    ----------
    finest : pandas.Series
        Index of the finest grain at which a site or a pool may be shown, the number of grains where at none; by site_id.
    hidden_state : frozenset of str
        Windows, by name, in which the state's own figure is hidden.
    given_away : tuple of (str, str)
        Places and windows, by name, of which earlier releases alone fix a hidden count: nothing hidden now can help.
    """

    finest: pd.Series
    hidden_state: frozenset[str]
    given_away: tuple[tuple[str, str], ...] = ()


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
    """The grain of every site, and the windows in which the state is hidden, so that no small count can be worked out.

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
    of_grains = Counts(counts.names, counts.sites[:-2], counts.state[:-2])
    finest, given = own_finest(of_grains, grains, smallest), frozenset()
    if no_finer_than is not None:
        finest = np.maximum(finest, no_finer_than.finest.reindex(counts.names).to_numpy())
        given = no_finer_than.hidden_state
    small_extra = {
        window.name for window, state in zip(extra, counts.state[-2], strict=True) if is_small(state, smallest).any()
    }
    small_extra |= released.never
    finest, hidden, guarded, lost = _close(sums, of_grains, grains, finest, given, small_extra, smallest)
    extra_names = [window.name for window in extra]
    hidden |= _hidden_extra(sums, extra_names, finest, hidden, guarded, given | small_extra, lost)
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
    settled = Settled(of_grains, grains, sums, finest, hidden, guarded, smallest)
    pooled = {pool.pool_id: len(grains) for pool in pools}
    if adds_up:
        floor = None if no_finer_than is None else no_finer_than.finest
        pooled |= admit_pools(pools, settled, set(extra_names) - hidden, floor)
    by_place = pd.Series([*finest, *pooled.values()], index=[*counts.names, *pooled], dtype=int)
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


def _fixed_alone(sums: Sums, grains: Sequence[Grain], finest: np.ndarray) -> set[Figure]:
    """What earlier releases fix by themselves, with everything hidden now: small counts of places, and any of the state's."""
    nowhere, every = np.full_like(finest, len(grains)), {window.name for grain in sums.windows for window in grain}
    return {(leak.site, leak.window) for leak in sums.leaks(nowhere, every, every)}


def _hidden_extra(
    sums: list[Sums],
    extra: list[str],
    finest: np.ndarray,
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
            for leak in each.leaks(finest, hidden, own, tried)
        ):
            shown = tried
    return set(extra) - set(shown)


def _close(
    sums: list[Sums],
    counts: Counts,
    grains: Sequence[Grain],
    finest: np.ndarray,
    given: frozenset[str],
    small_extra: set[str],
    smallest: int,
) -> tuple[np.ndarray, set[str], list[set[str]], list[set[Figure]]]:
    """Hide until nothing small can be worked out: the grain of each site, the hidden windows of the state, and by count
    those of them that must stay unknown, and what earlier releases fix alone.
    """
    finest, covers = finest.copy(), set(given)
    lost: list[set[Figure]] = [set() for _ in sums]
    looked = not any(each.released for each in sums)
    size = counts.sites[-1][..., 0].sum(axis=1)
    # A place with nothing to show covers nobody, so it comes last.
    by_size = sorted(range(len(size)), key=lambda site: (size[site] == 0, size[site], counts.names[site]))
    while True:
        while (crossing := _found_by_subtraction(counts, finest, smallest)) is not None:
            finest[next(site for site in by_size if finest[site] <= crossing)] = crossing + 1
        guarded = [own | small_extra for own in _small_state_windows(counts, grains, finest, smallest)]
        hidden = covers.union(*guarded)
        found = (
            (each, leak)
            for each, own, alone in zip(sums, guarded, lost, strict=False)  # of children only the episodes add up
            for leak in each.leaks(finest, hidden, own)
            if (leak.site, leak.window) not in alone
        )
        if (first := next(found, None)) is None:
            return finest, hidden, guarded, lost
        if not looked:  # once there is a leak: mostly there is none
            lost, looked = [_fixed_alone(each, grains, finest) for each in sums], True
            continue
        system, leak = first
        if system.released:
            _cover_beside_releases(system, leak, finest, covers, hidden, by_size, len(grains))
            continue
        sites, windows = system.behind(leak, finest, hidden)
        others = [site for site in by_size if site in sites] or [site for site in by_size if finest[site] <= leak.grain]
        if leak.site is not None and others:
            finest[others[0]] += 1
        elif windows:
            covers.add(windows[0])
        else:  # its own longer windows give it away
            own = [leak.site] if leak.site in range(len(finest)) else by_size
            finest[next(site for site in own if finest[site] < len(grains))] += 1


def _cover_beside_releases(
    system: Sums, leak: Leak, finest: np.ndarray, covers: set[str], hidden: set[str], by_size: list[int], grains: int
) -> None:
    """Hide what takes this leak away: of the sums of this release the first that does so alone, else one more at any rate.

    Sums of earlier releases cannot be hidden, so that what takes part may be of no help; each is tried before it is chosen.
    """
    taking_part, windows = system.behind(leak, finest, hidden)
    # A place shown by month is in no sum: its months are known. It may cover all the same.
    known = [site for site in by_size if finest[site] == 0 and site not in taking_part]
    sites = [*(site for site in by_size if site in taking_part), *known]
    sites = [site for site in sites if site != leak.site] + [site for site in by_size if site == leak.site]
    sites = [site for site in sites if finest[site] < grains]

    def coarser(site: int, at: int) -> np.ndarray:
        tried = finest.copy()
        tried[site] = at
        return tried

    places = [(site, at) for at in (None, grains) for site in sites]
    by_place = ((site, finest[site] + 1 if at is None else at) for site, at in places)
    by_window = iter(windows)
    if leak.site is None:
        for name in by_window:
            if not system.fixes(leak, finest, hidden | {name}):
                covers.add(name)
                return
    for site, at in by_place:
        if not system.fixes(leak, coarser(site, at), hidden):
            finest[site] = at
            return
    for name in by_window:
        if not system.fixes(leak, finest, hidden | {name}):
            covers.add(name)
            return
    # No single one helps: one of those that take part goes, and the search begins again.
    if involved := [site for site in sites if site in taking_part or site == leak.site]:
        finest[involved[0]] += 1
    elif windows:
        covers.add(windows[0])
    else:
        finest[next(site for site in by_size if finest[site] < grains)] += 1


def _small_state_windows(counts: Counts, grains: Sequence[Grain], finest: np.ndarray, smallest: int) -> list[set[str]]:
    """By count, the windows in which the state's own figure must be hidden: it is small, or it is all that covers one place."""
    found: list[set[str]] = [set() for _ in range(counts.state[0].shape[-1])]
    for at, (grain, state) in enumerate(zip(grains, counts.state, strict=True)):
        bad = is_small(state, smallest) | unsafe(counts, finest, at, smallest)
        for kind, own in enumerate(found):
            own |= {window.name for window, hide in zip(grain, bad[:, kind], strict=True) if hide}
    return found


def _found_by_subtraction(counts: Counts, finest: np.ndarray, smallest: int) -> int | None:
    """The first grain at which the state less the shown sites gives a small count or one hidden site away."""
    for at in range(len(counts.sites)):
        if (finest <= at).any() and unsafe(counts, finest, at, smallest).any():
            return at
    return None
