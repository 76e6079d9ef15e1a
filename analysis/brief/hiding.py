"""What the briefs of one period may show of what was counted: small counts hidden, beside every earlier release."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.brief.small_counts.disclosure import hide_small
from analysis.brief.small_counts.grains import Grains, Released, choose_grains
from analysis.brief.small_counts.ledger import Release, cut_short, told_before
from analysis.brief.small_counts.mixes import hide_beside_releases
from analysis.brief.windows import Windows
from analysis.params import Disclosure, Study
from analysis.periods import Period
from analysis.quality.cards import Card, Cards
from analysis.quality.pools import Pool
from analysis.tables import STATEWIDE

EVERY_EPISODE = "episodes"  # the measure that counts every episode: what it hides of a place, no other measure shows


@dataclass(frozen=True)
class Pooled:
    """The rows of one measure for sites taken together, nothing hidden, and which sites those are."""

    rows: pd.DataFrame
    pools: tuple[Pool, ...]


def hidden(counted: pd.DataFrame, cards: Cards, cut: Windows, study: Study, *, rule: Disclosure) -> pd.DataFrame:
    """The rows that any page shows where nothing was released before."""
    return hidden_beside(counted, cards, cut, study, rule=rule)[0]


def hidden_beside(
    counted: pd.DataFrame,
    cards: Cards,
    cut: Windows,
    study: Study,
    *,
    rule: Disclosure,
    ledger: Collection[Release] = (),
    pools: Sequence[Pool] = (),
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows that any page shows, small counts hidden: single figures by the grain of their place, mixes over the year.

    Takes the rows of `by_measure_place_period` for all windows, and for the months of earlier releases. Sites have no row for spans that
    only the statewide brief shows. What is hidden of the number of episodes is hidden of every other measure too, since several
    have the same episodes behind them; a place whose year is hidden has no mix. With it come sentences on hidden counts that the
    releases of the ledger fix by themselves: nothing that is hidden now can help.

    Rows of `pools` are kept where they may be shown beside all others, which they never change; a pool has no mix, and none of a measure
    that does not add up.

    A period that was released is hidden beside what it was hidden beside then; its own release and later ones join only where
    that gives something else. So a brief that is built again is the brief that was released.
    """
    mixes = [name for name, card in cards.cards.items() if card.unit == "mix"]
    of_pools = counted["site_id"].isin([pool.pool_id for pool in pools])
    together, counted = counted[of_pools], counted[~of_pools]
    is_mix = counted["measure"].isin(mixes)
    by_measure = dict(list(counted[~is_mix].groupby("measure", sort=False)))
    of_all, single, lost = None, [], []
    for measure in sorted(by_measure, key=lambda name: name != EVERY_EPISODE):
        rows, card = by_measure[measure], cards.cards[measure]
        if card.hide == "none":  # of staff, events and hours nothing counts children
            at = rows["period"].isin([window.name for grain in cut.grains for window in grain])
            single.append(
                rows[(rows["site_id"].eq(STATEWIDE) | at) & rows["period"].isin([each.name for each in cut.all])]
            )
            continue
        pooled = together[together["measure"].eq(measure)]
        figures, grains = _figures_beside(rows, card, cut, rule, of_all, ledger, Pooled(pooled, tuple(pools)))
        of_all = grains if measure == EVERY_EPISODE else of_all
        single.append(figures)
        lost += [(measure, *where) for where in grains.given_away]
    mixed = hide_small(
        counted[is_mix & counted["period"].eq(cut.year.name)],
        hide={name: card.hide for name, card in cards.cards.items()},
        units={name: card.unit for name, card in cards.cards.items()},
        rule=rule,
        fiscal_year_starts=study.fiscal_year_starts,
    )
    nowhere = _hidden_all_year(of_all, cut) if of_all is not None else set()
    mixed = hide_rows(mixed, mixed["hidden"] | mixed["site_id"].isin(nowhere))
    for measure, rows in mixed.groupby("measure", sort=False) if ledger else ():
        months = counted[counted["measure"].eq(measure) & counted["period"].str.fullmatch(r"\d{4}-\d{2}")]
        gone, alone = _mix_beside(rows, months, cut, rule, ledger)
        mixed = hide_rows(mixed, gone.reindex(mixed.index, fill_value=False))
        lost += [(measure, *where) for where in sorted(alone)]
    return pd.concat([*single, mixed], ignore_index=True), tuple(_given_away_words(*each) for each in lost)


def _given_away_words(measure: str, place: str, window: str) -> str:
    return (
        f"{measure}: earlier releases laid side by side give a hidden count of {place} away ({window}). Hiding more now cannot help: "
        "withdraw one of them."
    )


def _beside(ledger: Collection[Release], now: Period) -> tuple[list[Release], list[list[Release]]]:
    """The releases of this period, the last one first, and of each those that it was hidden beside."""
    by_name = {release.name: release for release in ledger}
    own = sorted((release for release in ledger if release.period == now), key=lambda release: -release.number)
    return own, [[by_name[name] for name in release.beside if name in by_name] for release in own]


def _figures_beside(
    rows, card: Card, cut: Windows, rule: Disclosure, of_all, ledger, together: Pooled
) -> tuple[pd.DataFrame, Grains]:
    """The single figures of a measure, and their grains."""
    measure = rows["measure"].iloc[0]

    def tried(releases: Collection[Release], pools: Sequence[Pool]) -> tuple[pd.DataFrame, Grains]:
        never = cut_short(releases, rows, measure, rule.smallest_shown)
        grains = _grains(rows, card, cut, rule, of_all, told_before(releases, measure, never), pools)
        figures = _single_figures(rows[rows["period"].isin(_names(cut))], card, cut, grains, rule)
        of_pools = _pooled_figures(together.rows, card, cut, grains)
        return pd.concat([figures, of_pools]) if len(of_pools) else figures, grains

    for own, releases in zip(*_beside(ledger, cut.now), strict=True):
        asked_then = [pool for pool in together.pools if own.pools.get(pool.pool_id) == pool.sites]
        figures, grains = tried(releases, asked_then)
        if _cells(figures) == own.cells(measure):
            return figures, grains
    return tried(ledger, together.pools)


def _mix_beside(rows, months, cut: Windows, rule: Disclosure, ledger) -> tuple[pd.Series, set[tuple[str, str]]]:
    """The rows of a mix that are hidden, and what the ledger alone gives away."""
    for own, releases in zip(*_beside(ledger, cut.now), strict=True):
        gone, alone = hide_beside_releases(rows, months, cut.year, releases, rule.smallest_shown)
        if _cells(rows[~gone]) == own.cells(rows["measure"].iloc[0]):
            return gone, alone
    return hide_beside_releases(rows, months, cut.year, ledger, rule.smallest_shown)


def _names(cut: Windows) -> set[str]:
    return {window.name for window in cut.all}


def _cells(rows: pd.DataFrame) -> frozenset[tuple[str, str, str]]:
    given = rows[~rows["hidden"].astype(bool)]
    return frozenset(zip(given["stratum"], given["site_id"], given["period"], strict=True))


def _hidden_all_year(grains: Grains, cut: Windows) -> set[str]:
    """The places whose year is hidden."""
    sites = set(grains.finest.index[grains.finest.ge(len(cut.grains))])
    return sites | ({STATEWIDE} if cut.year.name in grains.hidden_state else set())


def _grains(
    rows, card: Card, cut: Windows, rule: Disclosure, no_finer_than: Grains | None, released: Released, pools
) -> Grains:
    return choose_grains(
        rows, cut.grains, extra=cut.extra, hide=card.hide, unit=card.unit, smallest=rule.smallest_shown,
        adds_up=card.adds_up, no_finer_than=no_finer_than, released=released, pools=pools,
    )  # fmt: skip


def _single_figures(rows: pd.DataFrame, card: Card, cut: Windows, chosen: Grains, rule: Disclosure) -> pd.DataFrame:
    statewide = rows["site_id"].eq(STATEWIDE)
    asked = rows[statewide | rows["period"].isin(_grain_of(cut))]
    state = asked["site_id"].eq(STATEWIDE)
    shown = hide_rows(
        asked, (state & asked["period"].isin(chosen.hidden_state)) | (~state & _not_shown(asked, cut, chosen))
    )
    # One of them alone could be worked out from the longer spans, so all go.
    if card.hide == "all" and shown["not_measurable"].between(1, rule.smallest_shown - 1).any():
        shown = shown.assign(not_measurable=pd.Series(pd.NA, index=shown.index, dtype="Int64"))
    return shown


def _pooled_figures(rows: pd.DataFrame, card: Card, cut: Windows, chosen: Grains) -> pd.DataFrame:
    """The rows of the pools that may be shown at any grain; what could not be measured is left out where everything counts children."""
    anywhere = rows["site_id"].map(chosen.finest).lt(len(cut.grains))
    asked = rows[rows["period"].isin(_grain_of(cut)) & anywhere]
    shown = hide_rows(asked, _not_shown(asked, cut, chosen))
    if card.hide == "all":  # less those of the shown sites it would be the hidden ones'
        shown = shown.assign(not_measurable=shown["not_measurable"].mask(shown["measure"].notna()))
    return shown


def _grain_of(cut: Windows) -> dict[str, tuple[int, int]]:
    """Of each window of a grain, by name: which grain, and its first month by ordinal."""
    return {window.name: (at, window.first.ordinal) for at, grain in enumerate(cut.grains) for window in grain}


def _not_shown(rows: pd.DataFrame, cut: Windows, chosen: Grains) -> pd.Series:
    """True for each row of a site or pool, in a window of a grain, that begins before its place is shown at that grain."""
    grain_of = _grain_of(cut)
    since = {place: months for place, *months in chosen.since.itertuples(name=None)}
    gone = [
        place in since and name in grain_of and grain_of[name][1] < since[place][grain_of[name][0]]
        for place, name in zip(rows["site_id"], rows["period"], strict=True)
    ]
    return pd.Series(gone, index=rows.index, dtype=bool)


def hide_rows(shown: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """The table with those rows hidden: every number of theirs missing."""
    numbers = [
        "numerator",
        "denominator",
        "value",
        "low",
        "high",
        "not_measurable",
        "low_for_change",
        "high_for_change",
    ]
    blanked = {name: shown[name].mask(rows) for name in numbers if name in shown}
    return shown.assign(**blanked, hidden=shown["hidden"] | rows)
