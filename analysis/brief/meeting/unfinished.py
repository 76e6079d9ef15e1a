"""What is unfinished in one site's records: which episode, what is missing, since when, and one verb."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from analysis.tables import ATTEMPTED_RESULTS, IN_PERSON_MODES, RATERS, SCALES

CONTACT_DAYS = 3  # 72 hours, as far as days can tell
# The form asks about the past 30 days of the child's life: later than that it would rate another time.
RATE_WITHIN_DAYS = 30
DO = ("Call", "Make", "Close", "Rate", "Enter")  # what can still help a family first, what only completes a record last
COLUMNS = ["episode_id", "file", "row_number", "crisis_on", "missing", "since", "do"]


@dataclass(frozen=True)
class SiteRecords:
    """One site's episodes of the months looked at, its contacts and ratings where there are any, and the day of the records.

    `recorded` names the columns that the study fills at all: what nobody records is missing in no single record.
    """

    episodes: pd.DataFrame
    contacts: pd.DataFrame | None
    scales: pd.DataFrame | None
    recorded: frozenset[str]
    as_of: pd.Timestamp
    limit_days: int


@dataclass(frozen=True)
class Gap:
    """One thing that one episode lacks; `place` is its position among the episodes."""

    place: object
    missing: str
    since: pd.Timestamp
    do: str


def unfinished(records: SiteRecords) -> pd.DataFrame:
    """Every gap of the site, by what is to be done and then the oldest first: one row per episode and gap, with COLUMNS."""
    gaps = [gap for check in CHECKS if check.why_not(records) is None for gap in check.gaps(records)]
    rows = records.episodes.loc[[gap.place for gap in gaps], ["episode_id", "file", "row_number", "counted_on"]]
    table = rows.rename(columns={"counted_on": "crisis_on"}).assign(
        missing=pd.array([gap.missing for gap in gaps], dtype="string"),
        since=pd.DatetimeIndex([gap.since for gap in gaps]),
        do=pd.array([gap.do for gap in gaps], dtype="string"),
    )
    order = table.assign(turn=table["do"].map({verb: turn for turn, verb in enumerate(DO)}))
    return order.sort_values(["turn", "since", "episode_id", "missing"], ignore_index=True)[COLUMNS]


def not_checked(records: SiteRecords) -> list[str]:
    """One sentence for each check that these records do not allow."""
    return [why for check in CHECKS if (why := check.why_not(records)) is not None]


def first_response_on(episodes: pd.DataFrame) -> pd.Series:
    """The day of the first response: of the arrival, else the day that counts the episode."""
    arrived = episodes["arrived_at"].dt.tz_localize(None).dt.normalize()
    return arrived.fillna(episodes["counted_on"])


def _met(episodes: pd.DataFrame) -> pd.Series:
    """True where a team met the child in person."""
    return episodes["attempt_result"].eq("contact").fillna(False).astype(bool)


def _open(records: SiteRecords) -> pd.Series:
    """True while stabilization goes on."""
    return records.episodes["enrolled_on"].notna() & records.episodes["discharged_on"].isna()


def arrivals(records: SiteRecords) -> Iterator[Gap]:
    """Visits without a time of arrival; a visit that was called off has none."""
    rows = records.episodes
    went = rows["response_mode"].isin(IN_PERSON_MODES) & (
        rows["attempt_result"].isna() | rows["attempt_result"].isin(ATTEMPTED_RESULTS)
    )
    lacking = rows[went & rows["arrived_at"].isna()]
    for place, row in lacking.iterrows():
        only_day = " (only the day is there)" if row["arrived_at_note"] == "date_only" else ""
        yield Gap(place, f"time of arrival{only_day}", row["counted_on"], "Enter")


def safety_plans(records: SiteRecords) -> Iterator[Gap]:
    """Children met of whom nobody wrote whether there is a plan; and those without one while the stay goes on."""
    rows, since, still = records.episodes, first_response_on(records.episodes), _open(records)
    for place in rows.index[_met(rows) & ~rows["safety_plan"].eq(True).fillna(False).astype(bool)]:
        if pd.isna(rows.loc[place, "safety_plan"]):
            yield Gap(place, "whether there is a safety plan", since[place], "Enter")
        elif still[place]:
            yield Gap(place, "safety plan with the family", since[place], "Make")


def follow_up(records: SiteRecords) -> Iterator[Gap]:
    """Children met whose family had no kept contact by the third day after; on that day itself it is not late yet."""
    rows, first, still = records.episodes, first_response_on(records.episodes), _open(records)
    kept = records.contacts[records.contacts["result"].eq("kept")]
    days = kept["episode_id"].map(pd.Series(first.to_numpy(), index=rows["episode_id"]))
    ever = set(kept.loc[kept["contacted_on"].ge(days), "episode_id"])
    in_time = set(kept.loc[kept["contacted_on"].between(days, days + pd.Timedelta(days=CONTACT_DAYS)), "episode_id"])
    late = first + pd.Timedelta(days=CONTACT_DAYS) < records.as_of
    for place in rows.index[_met(rows) & late & ~rows["episode_id"].isin(in_time)]:
        call = still[place] and rows.loc[place, "episode_id"] not in ever
        yield Gap(
            place,
            "contact with the family within 72 hours",
            first[place] + pd.Timedelta(days=CONTACT_DAYS),
            "Call" if call else "Enter",
        )


def stays(records: SiteRecords) -> Iterator[Gap]:
    """Stays that are open past the limit; on the last day of the limit a stay is not past it."""
    rows, limit = records.episodes, pd.Timedelta(days=records.limit_days)
    past = _open(records) & (rows["enrolled_on"] + limit < records.as_of)
    for place in rows.index[past]:
        days = (records.as_of - rows.loc[place, "enrolled_on"]).days
        yield Gap(
            place, f"last day of the stay (open for {days} days)", rows.loc[place, "enrolled_on"] + limit, "Close"
        )


def endings(records: SiteRecords) -> Iterator[Gap]:
    """Closed stays without a reason; and without where the child lives, unless contact was lost."""
    rows = records.episodes
    closed = rows["discharged_on"].notna()
    lacks_reason, lost = rows["discharge_reason"].isna(), rows["discharge_reason"].eq("lost").fillna(False).astype(bool)
    for place in rows.index[closed & lacks_reason]:
        yield Gap(place, "why the stay ended", rows.loc[place, "discharged_on"], "Enter")
    for place in rows.index[closed & ~lost & rows["living_at_discharge"].isna()]:
        yield Gap(place, "where the child lives at the end", rows.loc[place, "discharged_on"], "Enter")


def second_ratings(records: SiteRecords) -> Iterator[Gap]:
    """Closed stays with a rating at intake and none by the same rater on the same scale at the end.

    One gap an episode. Until 30 days after the stay the rating can be made; after that, one that was made can be entered.
    """
    keys = ["episode_id", "scale", "rater"]
    by = {
        occasion: set(part[keys].itertuples(index=False, name=None))
        for occasion, part in records.scales.groupby("occasion")
    }
    lacking = by.get("intake", set()) - by.get("discharge", set())
    of_episode: dict[int, list[tuple[str, str]]] = {}
    for episode, scale, rater in sorted(lacking):
        of_episode.setdefault(episode, []).append((scale, rater))
    for place, row in records.episodes[records.episodes["discharged_on"].notna()].iterrows():
        if forms := of_episode.get(row["episode_id"]):
            named = "; ".join(f"{SCALES[scale]}, {RATERS[rater]}" for scale, rater in forms)
            late = row["discharged_on"] + pd.Timedelta(days=RATE_WITHIN_DAYS) < records.as_of
            yield Gap(place, f"second rating ({named})", row["discharged_on"], "Enter" if late else "Rate")


@dataclass(frozen=True)
class Check:
    """One check: its gaps, and the columns and the table without which it says nothing."""

    what: str
    gaps: Callable[[SiteRecords], Iterator[Gap]]
    columns: tuple[str, ...] = ()
    table: str | None = None

    def why_not(self, records: SiteRecords) -> str | None:
        """The sentence that says why it is left out; None where it is not."""
        if self.table is not None and getattr(records, self.table) is None:
            return f"{self.what} not looked at: these data have no table of {self.table}."
        lacking = [name for name in self.columns if name not in records.recorded]
        return f"{self.what} not looked at: {lacking[0]} is not recorded in these data." if lacking else None


CHECKS = (
    Check("Times of arrival are", arrivals, ("response_mode", "arrived_at")),
    Check("Safety plans are", safety_plans, ("attempt_result", "safety_plan")),
    Check("Contacts within 72 hours are", follow_up, ("attempt_result",), "contacts"),
    Check("Open stays are", stays, ("enrolled_on", "discharged_on")),
    Check("Endings of stays are", endings, ("discharged_on", "discharge_reason", "living_at_discharge")),
    Check("Second ratings are", second_ratings, ("discharged_on",), "scales"),
)
