"""What is unfinished in one site's records: which episode, what is missing, since when, and one verb."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from analysis.quality.measures import MEASURES, Choices
from analysis.quality.measures.stabilization import KEPT
from analysis.quality.stays import limits
from analysis.tables import ATTEMPTED_RESULTS, IN_PERSON_MODES, RATERS, SCALES

CONTACT = "follow_up_72_hours_share"  # the measure that says of whom a contact within 72 hours is expected
# The form asks about the past 30 days of the child's life: later than that it would rate another time.
RATE_WITHIN_DAYS = 30
DO = ("Call", "Make", "Close", "Rate", "Enter")  # what can still help a family first, what only completes a record last
COLUMNS = ["episode_id", "file", "row_number", "crisis_on", "missing", "since", "do"]


@dataclass(frozen=True)
class SiteRecords:
    """One site's episodes of the months looked at, its ratings where there are any, and what the measures are given.

    `recorded` names the columns that the study fills at all: what nobody records is missing in no single record. `choices` are those of
    the measure CONTACT: the day of the records, the limits of stays, the length of its window, and the site's contacts.
    """

    episodes: pd.DataFrame
    scales: pd.DataFrame | None
    recorded: frozenset[str]
    choices: Choices

    @property
    def as_of(self) -> pd.Timestamp:
        """The last day of the records."""
        return self.choices.last_on

    @property
    def contacts(self) -> pd.DataFrame | None:
        """The site's contacts, each with the day that counts its episode; None where the study has none."""
        return self.choices.beside.get("contacts")


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
    """Episodes of which the measure CONTACT expects a kept contact that the records do not have; or have without what came of it.

    Whom it leaves out (nobody was reached, the days are not over, the site sent no contacts then) is not listed either.
    """
    rows, still, log = records.episodes, _open(records), records.contacts
    had = MEASURES[CONTACT](rows, records.choices)
    since = rows["counted_on"] + pd.Timedelta(days=records.choices.days)
    ever = set(log.loc[log["result"].eq(KEPT) & log["contacted_on"].ge(log["counted_on"]), "episode_id"])
    soon = log["contacted_on"].between(log["counted_on"], log["counted_on"] + pd.Timedelta(days=records.choices.days))
    unclear = set(log.loc[soon & log["result"].isna(), "episode_id"])
    for place, kept in had.items():
        episode = rows.loc[place, "episode_id"]
        if pd.isna(kept) and episode in unclear:
            yield Gap(place, "what came of the contact within 72 hours", since[place], "Enter")
        elif not pd.isna(kept) and not kept:
            do = "Call" if still[place] and episode not in ever else "Enter"
            yield Gap(place, "contact with the family within 72 hours", since[place], do)


def stays(records: SiteRecords) -> Iterator[Gap]:
    """Stays that are open past the limit that held on their first day; on the last day of the limit a stay is not past it."""
    rows = records.episodes[_open(records)]
    limit, _ = limits(rows, records.choices.stay_limits)
    until = rows["enrolled_on"] + pd.to_timedelta(limit, unit="D")
    for place in rows.index[until < records.as_of]:
        days = (records.as_of - rows.loc[place, "enrolled_on"]).days
        yield Gap(place, f"last day of the stay (open for {days} days)", until[place], "Close")


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
    """One check: its gaps, and the columns, the table or the limits of the study without which it says nothing."""

    what: str
    gaps: Callable[[SiteRecords], Iterator[Gap]]
    columns: tuple[str, ...] = ()
    table: str | None = None
    limited: bool = False

    def why_not(self, records: SiteRecords) -> str | None:
        """The sentence that says why it is left out; None where it is not."""
        if self.table is not None and getattr(records, self.table) is None:
            return f"{self.what} not looked at: these data have no table of {self.table}."
        if self.limited and not records.choices.stay_limits:
            return f"{self.what} not looked at: this study sets no limit to how many days a stay may last."
        lacking = [name for name in self.columns if name not in records.recorded]
        return f"{self.what} not looked at: {lacking[0]} is not recorded in these data." if lacking else None


CHECKS = (
    Check("Times of arrival are", arrivals, ("response_mode", "arrived_at")),
    Check("Safety plans are", safety_plans, ("attempt_result", "safety_plan")),
    Check("Contacts within 72 hours are", follow_up, table="contacts"),
    Check("Open stays are", stays, ("enrolled_on", "discharged_on"), limited=True),
    Check("Endings of stays are", endings, ("discharged_on", "discharge_reason", "living_at_discharge")),
    Check("Second ratings are", second_ratings, ("discharged_on",), "scales"),
)
