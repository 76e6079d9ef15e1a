"""What is wrong with the made-up state's raw episodes: every kind touches rows of its own, so each can be counted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.demo.scenario import Scenario
from analysis.params import ParamsError, did_you_mean
from analysis.tables import CLOCKS, COPY_NEEDS_CLOCKS

# Adults of another service that shares the record system; outside any age that the study is for.
ADULT_AGES = ("34", "45")
UNMAPPED_WORD = "See narrative"
DECADE = pd.DateOffset(years=10)


@dataclass(frozen=True)
class Kind:
    """One kind of dirt: which rows can have it, and what it does to those drawn.

    `spoil` gives the drawn rows as the file will hold them. Where `beside` is true these stand beside the true rows instead
    of in their place, under a new id unless `own_id`.
    """

    can_have: Callable[[pd.DataFrame, Scenario], pd.Series]
    spoil: Callable[[pd.DataFrame, Scenario], pd.DataFrame]
    beside: bool = False
    own_id: bool = False


def add_dirt(raw: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The raw episodes with their dirt: takes and gives one row per line of a file, clocks as times, the rest as text.

    Adds `dirt`, the kind that a row has ("" where none), and `asked_at`, the request before any dirt, by which rows go to files.
    Each kind of scenario.dirt strikes exactly its number of rows; none has two kinds, and a copied row is otherwise clean.
    Raises ParamsError for a kind that is not in `KINDS` and where too few rows can have one.
    """
    raw = raw.assign(dirt="", asked_at=raw["requested_at"])
    order = scenario.stream("dirt").permutation(len(raw))
    free = np.ones(len(raw), dtype=bool)
    beside = []
    for name, rows in scenario.dirt.items():
        kind = _kind(name)
        candidates = order[(free & kind.can_have(raw, scenario).to_numpy())[order]]
        if len(candidates) < rows:
            raise ParamsError(
                f"params/demo/state.yml: dirt: only {len(candidates)} rows of the made-up state can have {name}, "
                f"and {rows} are asked for. Lower that number."
            )
        drawn = np.sort(candidates[:rows])
        free[drawn] = False
        spoiled = kind.spoil(raw.iloc[drawn], scenario).assign(dirt=name)
        if kind.beside:
            beside.append(spoiled.assign(own_id=kind.own_id))
        else:
            raw.iloc[drawn] = spoiled
    return _with_rows_beside(raw, beside)


def count_dirt(raw: pd.DataFrame) -> dict[str, int]:
    """Rows of each kind, in the order of `KINDS`.

    >>> count_dirt(pd.DataFrame({"dirt": ["", "no_site", "no_site"]}))["no_site"]
    2
    """
    rows = raw["dirt"].value_counts()
    return {name: int(rows.get(name, 0)) for name in KINDS}


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ParamsError(
            f'params/demo/state.yml: dirt: "{name}" is not a kind{did_you_mean(name, list(KINDS))}. Kinds: {", ".join(KINDS)}.'
        )
    return KINDS[name]


def _with_rows_beside(raw: pd.DataFrame, beside: list[pd.DataFrame]) -> pd.DataFrame:
    """All rows; those beside the true ones get ids that follow the last true one, unless they keep their own."""
    if not beside:
        return raw
    more = pd.concat(beside, ignore_index=True)
    new = ~more["own_id"].astype(bool)
    numbers = len(raw) + new.cumsum()
    more["episode_id"] = more["episode_id"].mask(new, "E" + numbers.astype(str).str.zfill(6))
    return pd.concat([raw, more.drop(columns="own_id")], ignore_index=True)


# --- which rows ------------------------------------------------------------------------------------------------------


def _any(raw: pd.DataFrame, scenario: Scenario) -> pd.Series:
    return pd.Series(True, index=raw.index)


def _has(*columns: str) -> Callable[[pd.DataFrame, Scenario], pd.Series]:
    return lambda raw, scenario: raw[list(columns)].notna().all(axis=1) & raw[list(columns)].ne("").all(axis=1)


def _has_other_word(raw: pd.DataFrame, scenario: Scenario) -> pd.Series:
    return raw["referral_source"].isin(_other_words(scenario))


def _has_many_clocks(raw: pd.DataFrame, scenario: Scenario) -> pd.Series:
    return raw[list(CLOCKS)].notna().sum(axis=1) >= COPY_NEEDS_CLOCKS


def _has_few_clocks(raw: pd.DataFrame, scenario: Scenario) -> pd.Series:
    return ~_has_many_clocks(raw, scenario)


def _in_the_daytime(raw: pd.DataFrame, scenario: Scenario) -> pd.Series:
    """Requests that may move on by an hour without reaching midnight or a change of the clocks."""
    same_day = raw["departed_at"].dt.normalize().eq(raw["requested_at"].dt.normalize())
    return same_day & (raw["requested_at"].dt.hour >= 6) & (raw["departed_at"].dt.hour < 22)


# --- what happens to them --------------------------------------------------------------------------------------------


def _in_other_case_and_space(rows: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    forms = (str.upper, str.lower, "  {} ".format, lambda word: word.lower().replace(" ", "  ") + " ")
    words = [forms[number % len(forms)](word) for number, word in enumerate(rows["response_mode"])]
    return rows.assign(response_mode=words)


def _in_other_words(rows: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    return rows.assign(referral_source=rows["referral_source"].map(_other_words(scenario)))


def _other_words(scenario: Scenario) -> dict[str, str]:
    """Usual word to the last of the seldom used ones, where a code has any."""
    lists = scenario.export.words["referral_source"].values()
    return {usual: seldom[-1] for usual, *seldom in lists if seldom}


def _clock_as_date(clock: str) -> Callable[[pd.DataFrame, Scenario], pd.DataFrame]:
    return lambda rows, scenario: rows.assign(**{clock: rows[clock].dt.normalize()})


def _arrived_before_dispatch(rows: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Arrival and dispatch changed places, as when two buttons are pressed in the wrong order."""
    return rows.assign(arrived_at=rows["dispatched_at"], dispatched_at=rows["arrived_at"])


def _departed_a_decade_early(rows: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    return rows.assign(departed_at=rows["departed_at"] - DECADE)


def _as_it_is(rows: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    return rows


def _as_adult(rows: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Another person's crisis an hour later: without that it would be a copy of the row that it is modelled on."""
    ages = [ADULT_AGES[number % len(ADULT_AGES)] for number in range(len(rows))]
    later = {clock: rows[clock] + pd.Timedelta(hours=1) for clock in CLOCKS}
    return rows.assign(age_years=ages, child_id="A" + rows["child_id"].str[1:], **later)


def _written(column: str, text: str) -> Callable[[pd.DataFrame, Scenario], pd.DataFrame]:
    return lambda rows, scenario: rows.assign(**{column: text})


KINDS: dict[str, Kind] = {
    "case_and_space": Kind(_any, _in_other_case_and_space),
    "other_wording": Kind(_has_other_word, _in_other_words),
    "unmapped_code": Kind(_has("disposition"), _written("disposition", UNMAPPED_WORD)),
    "midnight_request": Kind(_any, _clock_as_date("requested_at")),
    "midnight_arrival": Kind(_has("arrived_at"), _clock_as_date("arrived_at")),
    "arrived_before_dispatch": Kind(_has("dispatched_at", "arrived_at"), _arrived_before_dispatch),
    "departed_wrong_decade": Kind(_has("departed_at"), _departed_a_decade_early),
    "exact_copy": Kind(_has_many_clocks, _as_it_is, beside=True),
    "near_copy": Kind(_has_few_clocks, _as_it_is, beside=True),
    "repeated_row": Kind(_any, _as_it_is, beside=True, own_id=True),
    "adult": Kind(_in_the_daytime, _as_adult, beside=True),
    "no_site": Kind(_any, _written("site_id", "")),
    "missing_as_na": Kind(_any, _written("age_years", "NA")),
    "missing_as_empty": Kind(_any, _written("age_years", "")),
    "missing_as_unknown": Kind(_any, _written("age_years", "unknown")),
}
