"""Where children lived at the call and at discharge. A description, never an effect: nobody knows where they would have lived."""

import pandas as pd

from analysis.tables import AT_HOME, CLOCKS_RUN_ON_DAYS, LIVING_SITUATIONS

# "Other" has no place in the order: nobody can say whether it is more or less restrictive than the home that was left.
ORDER = {setting: rank for rank, setting in enumerate(LIVING_SITUATIONS) if setting != "other"}
LOST = "lost to follow-up"
UNKNOWN = "lost, or in a setting without a name"
OPEN = "still open"


def followed_children(episodes: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per episode of a child at home (family, kin, foster) whose stabilization has begun: start, end.

    `end` is the setting at discharge, LOST where the episode was closed without one, OPEN where it was not closed by `as_of`.
    Episodes without a discharge on record are not in it: nobody looked where the child lived. Nor are those of the last eight weeks:
    of them only the short ones have ended.

    >>> episodes = pd.DataFrame({"counted_on": pd.to_datetime(["2026-01-01"] * 3), "living_at_start": ["family", "family", "hospital"], "discharged_on": pd.to_datetime(["2026-01-05"] * 3),
    ...     "discharge_reason": ["goals_met", "lost", "goals_met"], "living_at_discharge": ["family", None, "family"]})
    >>> followed_children(episodes, as_of=pd.Timestamp("2026-03-01"))["end"].tolist()
    ['family', 'lost to follow-up']
    """
    begun = (
        episodes["discharged_on"].notna()
        | episodes["discharge_reason"].notna()
        | episodes["living_at_discharge"].notna()
    )
    rows = episodes[begun & began_at_home(episodes, as_of=as_of)]
    end = rows["living_at_discharge"].astype("object").fillna(LOST)
    end = end.mask(rows["discharged_on"].isna() | rows["discharged_on"].gt(as_of), OPEN)
    return pd.DataFrame({"start": rows["living_at_start"].astype("object"), "end": end})


def began_at_home(episodes: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.Series:
    """True for episodes of children who lived with family, kin or in a foster home, begun at least eight weeks before `as_of`."""
    long_ago = episodes["counted_on"].le(as_of - pd.Timedelta(days=CLOCKS_RUN_ON_DAYS))
    return episodes["living_at_start"].isin(AT_HOME) & long_ago


def not_followed(episodes: pd.DataFrame, *, as_of: pd.Timestamp) -> dict[str, int]:
    """Why episodes that began at home have no discharge: `never` took up stabilization, so there was none; `open_` are in it still.

    >>> episodes = pd.DataFrame({"counted_on": pd.to_datetime(["2026-01-01"] * 3), "living_at_start": ["family"] * 3, "discharged_on": pd.to_datetime(["2026-01-05", None, None]),
    ...     "discharge_reason": None, "living_at_discharge": None, "enrolled_on": pd.to_datetime(["2026-01-02", "2026-01-02", None])})
    >>> not_followed(episodes, as_of=pd.Timestamp("2026-03-01"))
    {'never': 1, 'open_': 1}
    """
    home = episodes[began_at_home(episodes, as_of=as_of)]
    ended = followed_children(episodes, as_of=as_of)["end"].ne(OPEN)
    left = home.loc[home.index.difference(ended[ended].index)]
    still = left["enrolled_on"].notna() | left["discharged_on"].notna()
    return {"never": int((~still).sum()), "open_": int(still.sum())}


def moved_away(followed: pd.DataFrame) -> pd.Series:
    """True where the child lived in a more restrictive setting at discharge than at the call, or had run away; missing for LOST, OPEN and a
    setting that is "other", which has no place in the order.

    >>> moved_away(pd.DataFrame({"start": ["family", "foster", "kin"], "end": ["kin", "other", "lost to follow-up"]})).tolist()
    [True, <NA>, <NA>]
    """
    start, end = followed["start"].map(ORDER), followed["end"].map(ORDER)
    return (end > start).astype("boolean").mask(end.isna())


def placement_bounds(followed: pd.DataFrame) -> dict[str, float]:
    """The part that moved away, with children of whom that is not known as the best case (none did) and the worst (all did).

    Gives children, moved, lost (lost to follow-up, or in a setting that is "other"), best, worst (shares of children whose stabilization
    has ended); open episodes are left out.

    >>> followed = pd.DataFrame({"start": ["family"] * 10, "end": ["family"] * 7 + ["residential", "other", "lost to follow-up"]})
    >>> placement_bounds(followed)      # 1 of 10, 3 of 10
    {'children': 10, 'moved': 1, 'lost': 2, 'best': 0.1, 'worst': 0.3}
    """
    ended = followed[followed["end"].ne(OPEN)]
    moved, lost = int(moved_away(ended).sum()), int(moved_away(ended).isna().sum())
    children = len(ended)
    shares = (moved / children, (moved + lost) / children) if children else (float("nan"), float("nan"))
    return {"children": children, "moved": moved, "lost": lost, "best": shares[0], "worst": shares[1]}


def moves_by_start(followed: pd.DataFrame) -> pd.DataFrame:
    """Counts of ended episodes: settings at the call (rows) by "stayed", "less restrictive", "more restrictive", UNKNOWN (columns).

    >>> moves_by_start(pd.DataFrame({"start": ["family", "kin", "kin"], "end": ["residential", "family", "kin"]})).loc["kin"].tolist()
    [1, 1, 0, 0]
    """
    ended = followed[followed["end"].ne(OPEN)]
    more = moved_away(ended)
    kind = pd.Series("less restrictive", index=ended.index).mask(ended["start"].eq(ended["end"]), "stayed")
    kind = kind.mask(more.fillna(False).astype(bool), "more restrictive").mask(more.isna(), UNKNOWN)
    columns = ["stayed", "less restrictive", "more restrictive", UNKNOWN]
    table = pd.crosstab(ended["start"], kind).reindex(columns=columns, fill_value=0)
    return table.loc[[setting for setting in LIVING_SITUATIONS if setting in table.index]]
