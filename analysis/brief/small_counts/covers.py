"""What else is hidden so that nothing hidden is found: by subtracting the shown sites from the state, or by all the shown sums together.

Each place has its ways of being shown in order (analysis/brief/small_counts/history.py), the last of which shows nothing. A place that
covers goes on to a later way and never back, and a window of the state that is hidden stays hidden, so the search ends.
"""

from collections.abc import Collection, Sequence

import numpy as np

from analysis.brief.small_counts.cells import NEVER, Counts, Grain, is_small, shown, unsafe
from analysis.brief.small_counts.history import Ways
from analysis.brief.small_counts.sums import Figure, Leak, Sums


def close(
    sums: list[Sums],
    counts: Counts,
    grains: Sequence[Grain],
    ways: Ways,
    given: Collection[str],
    small_extra: set[str],
    smallest: int,
) -> tuple[np.ndarray, set[str], list[set[str]], list[set[Figure]]]:
    """Hide until nothing small can be worked out: from when on each site is shown (site, grain), the hidden windows of the state, and by
    count those of them that must stay unknown, and what earlier releases fix alone.
    """
    way, covers = ways.first(), set(given)
    lost: list[set[Figure]] = [set() for _ in sums]
    looked = not any(each.released for each in sums)
    size = counts.sites[-1][..., 0].sum(axis=1)
    # A place with nothing to show covers nobody, so it comes last.
    by_size = sorted(range(len(size)), key=lambda site: (size[site] == 0, size[site], counts.names[site]))
    while True:
        since = _cover_subtraction(counts, ways, way, by_size, smallest)
        guarded = [own | small_extra for own in _small_state_windows(counts, grains, since, smallest)]
        hidden = covers.union(*guarded)
        found = (
            (each, leak)
            for each, own, alone in zip(sums, guarded, lost, strict=False)  # of children only the episodes add up
            for leak in each.leaks(since, hidden, own)
            if (leak.site, leak.window) not in alone
        )
        if (first := next(found, None)) is None:
            return since, hidden, guarded, lost
        if not looked:  # once there is a leak: mostly there is none
            lost, looked = [_fixed_alone(each, since) for each in sums], True
            continue
        system, leak = first
        if system.released:
            _cover_beside_releases(system, leak, ways, way, covers, hidden, by_size)
        else:
            _cover_leak(system, leak, ways, way, covers, hidden, by_size)


def _cover_subtraction(counts: Counts, ways: Ways, way: np.ndarray, by_size: list[int], smallest: int) -> np.ndarray:
    """Move sites on until the state less the shown sites gives nothing away in any window; from when on each is shown then.

    The newest window comes first: whoever covers it covers those before it too.
    """
    while True:
        since = ways.ways[way]
        for at in range(len(counts.sites)):
            given = shown(counts, since, at)
            found = np.flatnonzero(unsafe(counts, since, at, smallest).any(axis=1) & given.any(axis=0))
            if len(found):
                break
        else:
            return since
        window = found[-1]
        there = counts.sites[at][:, window].any(axis=1)
        site = min((site for site in by_size if given[site, window]), key=lambda site: not there[site])
        way[site] = ways.past(site, way[site], [(at, counts.starts[at][window])])


def _cover_leak(
    system: Sums,
    leak: Leak,
    ways: Ways,
    way: np.ndarray,
    covers: set[str],
    hidden: set[str],
    by_size: list[int],
) -> None:
    """Move one site on, or hide one window of the state, of those that give the leak away."""
    since = ways.ways[way]
    sites, windows = system.behind(leak, since, hidden)
    figure = leak.grain, leak.window.first.ordinal
    others = [site for site in by_size if site in sites and site != leak.site]
    others = others or [site for site in by_size if since[site, leak.grain] <= figure[1]]
    if leak.site is not None and others:
        way[others[0]] = ways.beyond(others[0], way[others[0]], sites.get(others[0], [figure]))
    elif windows:
        covers.add(windows[0])
    else:  # its own longer windows give it away
        own = [leak.site] if leak.site in range(len(way)) else by_size
        site = next(site for site in own if since[site, -1] < NEVER)
        way[site] = ways.beyond(site, way[site], sites.get(site, []))


def _fixed_alone(sums: Sums, since: np.ndarray) -> set[Figure]:
    """What earlier releases fix by themselves, with everything hidden now: small counts of places, and any of the state's."""
    nowhere, every = np.full_like(since, NEVER), {window.name for grain in sums.windows for window in grain}
    return {(leak.site, leak.window) for leak in sums.leaks(nowhere, every, every)}


def _cover_beside_releases(
    system: Sums,
    leak: Leak,
    ways: Ways,
    way: np.ndarray,
    covers: set[str],
    hidden: set[str],
    by_size: list[int],
) -> None:
    """Hide what takes this leak away: of the sums of this release the first that does so alone, else one more at any rate.

    Sums of earlier releases cannot be hidden, so that what takes part may be of no help; each is tried before it is chosen.
    """
    since = ways.ways[way]
    taking_part, windows = system.behind(leak, since, hidden)
    # A month that is shown is in no sum: it is known. Its place may cover all the same.
    known = [site for site in by_size if since[site, 0] < NEVER and site not in taking_part]
    sites = [*(site for site in by_size if site in taking_part), *known]
    sites = [site for site in sites if site != leak.site] + [site for site in by_size if site == leak.site]
    sites = [site for site in sites if since[site, -1] < NEVER]

    def moved(site: int, to: int) -> np.ndarray:
        tried = way.copy()
        tried[site] = to
        return ways.ways[tried]

    def from_later_on(site: int) -> int:
        return ways.beyond(site, way[site], taking_part.get(site, [(0, leak.window.last.ordinal)]))

    kinds = (from_later_on, lambda site: ways.coarser(site, way[site]), lambda _: len(ways.ways) - 1)
    by_place = ((site, kind(site)) for kind in kinds for site in sites)
    by_window = iter(windows)
    if leak.site is None:
        for name in by_window:
            if not system.fixes(leak, since, hidden | {name}):
                covers.add(name)
                return
    for site, to in by_place:
        if not system.fixes(leak, moved(site, to), hidden):
            way[site] = to
            return
    for name in by_window:
        if not system.fixes(leak, since, hidden | {name}):
            covers.add(name)
            return
    # No single one helps: one of those that take part goes, and the search begins again.
    if involved := [site for site in sites if site in taking_part or site == leak.site]:
        way[involved[0]] = from_later_on(involved[0])
    elif windows:
        covers.add(windows[0])
    else:
        site = next(site for site in by_size if since[site, -1] < NEVER)
        way[site] = ways.coarser(site, way[site])


def _small_state_windows(counts: Counts, grains: Sequence[Grain], since: np.ndarray, smallest: int) -> list[set[str]]:
    """By count, the windows in which the state's own figure must be hidden: it is small, or it is all that covers one place."""
    found: list[set[str]] = [set() for _ in range(counts.state[0].shape[-1])]
    for at, (grain, state) in enumerate(zip(grains, counts.state, strict=True)):
        bad = is_small(state, smallest) | unsafe(counts, since, at, smallest)
        for kind, own in enumerate(found):
            own |= {window.name for window, hide in zip(grain, bad[:, kind], strict=True) if hide}
    return found
