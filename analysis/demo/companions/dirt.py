"""What is wrong with the raw files beside the episodes: every kind touches rows of its own, so each can be counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.demo.scenario import Scenario
from analysis.params import ParamsError, did_you_mean
from analysis.tables import SCALE_RANGES

NO_EPISODE = "E9"  # how the ids of orphans begin; the state has fewer than 900,000 episodes
NO_PERSON = "P9"
UNMAPPED_WORD = "See note"
UNKNOWN_SITE = "site-99"
ABOVE_EVERY_SCALE = 999
YEAR = pd.DateOffset(years=1)

Rows = Callable[[pd.DataFrame, Scenario], pd.Series]
Spoil = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Kind:
    """One kind of dirt: which rows can have it, and what it does to those drawn.

    Where `beside` is true the drawn rows stand a second time beside themselves, as they are.
    """

    can_have: Rows
    spoil: Spoil
    beside: bool = False


def add_dirt(tables: Mapping[str, pd.DataFrame], scenario: Scenario) -> dict[str, pd.DataFrame]:
    """The tables with their dirt, one row per line of a file, each with `dirt`, the kind that it has ("" where none).

    Each kind of companions.dirt strikes exactly its number of rows; none has two kinds. Raises ParamsError for a table or kind
    that is not in `KINDS`, and where too few rows can have one.
    """
    for name in scenario.companions.dirt:
        _need_known(name, KINDS, "a table")
    return {name: _with_dirt(name, table, scenario) for name, table in tables.items()}


def count_dirt(raw: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
    """Rows of each kind by table, in the order of `KINDS`."""
    return {
        name: {kind: int(raw[name]["dirt"].eq(kind).sum()) for kind in kinds}
        for name, kinds in KINDS.items()
        if name in raw
    }


def _with_dirt(name: str, table: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    raw = table.astype(object).assign(dirt="")
    order = scenario.stream(f"dirt of {name}").permutation(len(raw))
    free, beside = np.ones(len(raw), dtype=bool), []
    for word, rows in scenario.companions.dirt.get(name, {}).items():
        _need_known(word, KINDS[name], "a kind")
        kind = KINDS[name][word]
        candidates = order[(free & kind.can_have(table, scenario).fillna(False).to_numpy(dtype=bool))[order]]
        if len(candidates) < rows:
            raise ParamsError(
                f"params/demo/state.yml: companions.dirt.{name}: only {len(candidates)} rows can have {word}, and {rows} are "
                "asked for. Lower that number."
            )
        drawn = np.sort(candidates[:rows])
        free[drawn] = False
        spoiled = kind.spoil(table.iloc[drawn]).astype(object).assign(dirt=word)
        if kind.beside:
            beside.append(spoiled)
        else:
            raw.iloc[drawn] = spoiled
    # The second of two rows comes right after the first.
    return pd.concat([raw, *beside]).sort_index(kind="stable").reset_index(drop=True)


def _need_known(word: str, known: Mapping[str, object], what: str) -> None:
    if word not in known:
        raise ParamsError(
            f'params/demo/state.yml: companions.dirt: "{word}" is not {what}{did_you_mean(word, list(known))}. '
            f"Known: {', '.join(known)}."
        )


# --- which rows ------------------------------------------------------------------------------------------------------


def _any(table: pd.DataFrame, scenario: Scenario) -> pd.Series:
    return pd.Series(True, index=table.index)


def _has(column: str) -> Rows:
    return lambda table, scenario: table[column].notna()


def _in_the_first_year(column: str) -> Rows:
    """Days that lie before the extract's first one once they are a year early."""
    return lambda table, scenario: table[column].lt(pd.Timestamp(scenario.covers.from_on) + YEAR)


def _rated_twice(table: pd.DataFrame, scenario: Scenario) -> pd.Series:
    """Ratings at discharge; whoever rates at discharge has rated at intake."""
    return table["occasion"].eq("discharge")


def _not_a_discharge(table: pd.DataFrame, scenario: Scenario) -> pd.Series:
    return ~_rated_twice(table, scenario)


# --- what happens to them --------------------------------------------------------------------------------------------


def _as_it_is(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def _of_nobody(column: str, start: str) -> Spoil:
    """A mistyped identifier that nobody has."""
    return lambda rows: rows.assign(**{column: start + rows[column].str[2:]})


def _in_other_case(column: str) -> Spoil:
    """e 000123 for E000123."""
    return lambda rows: rows.assign(**{column: rows[column].str[0].str.lower() + " " + rows[column].str[1:]})


def _moved(column: str, *, by: pd.DateOffset) -> Spoil:
    return lambda rows: rows.assign(**{column: rows[column] + by})


def _before(last: str, first: str) -> Spoil:
    return lambda rows: rows.assign(**{last: rows[first] - pd.Timedelta(days=7)})


def _written(column: str, value: object) -> Spoil:
    return lambda rows: rows.assign(**{column: value})


def _out_of_range(rows: pd.DataFrame) -> pd.DataFrame:
    """By turns 999, which many forms use for "not rated", and a score one above the scale's highest."""
    highest = rows["scale"].map({scale: high for scale, (_, high) in SCALE_RANGES.items()})
    by_turns = np.arange(len(rows)) % 2 == 0
    return rows.assign(score=np.where(by_turns, ABOVE_EVERY_SCALE, highest + 1))


def _more_than(column: str, limit: str) -> Spoil:
    return lambda rows: rows.assign(**{column: rows[limit] + 1})


def _cut_short(rows: pd.DataFrame) -> pd.DataFrame:
    """Mon. for Monday: a spelling that source.yml has to know."""
    return rows.assign(weekday=rows["weekday"].str[:3].str.capitalize() + ".")


A_YEAR_EARLY = -YEAR

KINDS: dict[str, dict[str, Kind]] = {
    "contacts": {
        "orphan": Kind(_any, _of_nobody("episode_id", NO_EPISODE)),
        "other_case": Kind(_any, _in_other_case("episode_id")),
        "year_off": Kind(_any, _moved("contacted_on", by=A_YEAR_EARLY)),
        "repeated_row": Kind(_any, _as_it_is, beside=True),
        "unknown_code": Kind(_any, _written("result", UNMAPPED_WORD)),
    },
    "scales": {
        "orphan": Kind(_not_a_discharge, _of_nobody("episode_id", NO_EPISODE)),
        "other_case": Kind(_any, _in_other_case("episode_id")),
        "out_of_range": Kind(_not_a_discharge, _out_of_range),
        "repeated_row": Kind(_any, _as_it_is, beside=True),
        "before_intake": Kind(_rated_twice, _moved("rated_on", by=A_YEAR_EARLY)),
    },
    "referrals": {
        "orphan": Kind(_any, _of_nobody("episode_id", NO_EPISODE)),
        "kept_before_referred": Kind(_has("first_kept_on"), _before("first_kept_on", "referred_on")),
        "year_off": Kind(_any, _moved("referred_on", by=A_YEAR_EARLY)),
        "unknown_code": Kind(_any, _written("service", UNMAPPED_WORD)),
    },
    "calls": {
        "orphan": Kind(_has("episode_id"), _of_nobody("episode_id", NO_EPISODE)),
        "year_off": Kind(_in_the_first_year("called_on"), _moved("called_on", by=A_YEAR_EARLY)),
        "unknown_site": Kind(_has("site_id"), _written("site_id", UNKNOWN_SITE)),
        "repeated_row": Kind(_any, _as_it_is, beside=True),
    },
    "staff": {"left_before_hired": Kind(_has("left_on"), _before("left_on", "hired_on"))},
    "training": {
        "orphan": Kind(_any, _of_nobody("staff_id", NO_PERSON)),
        "repeated_row": Kind(_any, _as_it_is, beside=True),
    },
    "outreach": {
        "no_site": Kind(_any, _written("site_id", None)),
        "year_off": Kind(_in_the_first_year("held_on"), _moved("held_on", by=A_YEAR_EARLY)),
    },
    "readiness": {
        "unknown_code": Kind(_any, _written("domain", UNMAPPED_WORD)),
        "more_met_than_items": Kind(_any, _more_than("items_met", "items")),
    },
    "satisfaction": {
        "orphan": Kind(_any, _of_nobody("episode_id", NO_EPISODE)),
        "answered_before_sent": Kind(_has("answered_on"), _before("answered_on", "sent_on")),
        "out_of_range": Kind(_has("score"), _written("score", 9)),
    },
    "site_hours": {"weekday_otherwise": Kind(_any, _cut_short)},
    "staffing": {"filled_over_funded": Kind(_any, _more_than("filled", "funded"))},
}
