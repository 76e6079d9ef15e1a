"""What followed the first response: contacts, stabilization and its length, referrals, and whether the child came back."""

import pandas as pd

from analysis.quality.measures.choices import Choices, days_between, sent, watched, yes_or_no
from analysis.quality.measures.first_response import reached
from analysis.quality.stays import limits

KEPT = "kept"  # the code of tables.CONTACT_RESULTS


def follow_up_72_hours_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes with a kept contact within three days of the day that counts them, that day and the third included.

    Only episodes that reached the person and whose three days have passed belong. A contact of unknown result within the days
    leaves it open; so does a month in which the site sent no contacts (`sent`). Otherwise no entry is a no.

    >>> calls = pd.DataFrame({"episode_id": [1, 2, 3], "site_id": "north", "counted_on": pd.to_datetime(["2026-10-05"] * 3), "response_mode": "mobile", "attempt_result": "contact"})
    >>> log = calls[["episode_id", "site_id", "counted_on"]].assign(contacted_on=pd.to_datetime(["2026-10-08", "2026-10-09", "2026-10-06"]), result=["kept", "kept", None])
    >>> follow_up_72_hours_share(calls, Choices(days=3, last_on=pd.Timestamp("2026-10-31"), beside={"contacts": log})).tolist()
    [True, False, <NA>]
    """
    log = choices.beside["contacts"]
    soon = log[days_between(log["counted_on"], log["contacted_on"]).between(0, choices.days)]
    kept = episodes["episode_id"].isin(soon["episode_id"][soon["result"].eq(KEPT)])
    open_ = episodes["episode_id"].isin(soon["episode_id"][soon["result"].isna()])
    known = (kept | ~open_) & sent(episodes, log)
    return yes_or_no(kept, known=known)[reached(episodes) & watched(episodes, choices)]


def enrolled_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes after which the family took up stabilization, out of those that reached the person.

    No first day of stabilization means that there was none: the contract has it so. Families who declined are in it.
    """
    enrolled = episodes["enrolled_on"].notna()
    return enrolled.astype("boolean")[reached(episodes)]


def contacts_per_stay(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Kept contacts from the first to the last day of each stabilization that has ended, both included.

    Not measurable in months in which the site sent no contacts.
    """
    log = choices.beside["contacts"]
    kept = log[log["result"].eq(KEPT)].merge(
        discharges[["episode_id", "enrolled_on", "discharged_on"]], on="episode_id"
    )
    inside = kept[kept["contacted_on"].ge(kept["enrolled_on"]) & kept["contacted_on"].le(kept["discharged_on"])]
    number = discharges["episode_id"].map(inside["episode_id"].value_counts()).fillna(0).astype("Float64")
    return number.where(sent(discharges.assign(counted_on=discharges["requested_on"]), log))


def stay_in_limit_share(stays_due: pd.DataFrame, choices: Choices) -> pd.Series:
    """Stabilizations that ended by the last day of the limit that held on their first day, out of those whose limit fell.

    One that is open on that day did not end in time, whether it has ended since or never will. An end before the beginning is not
    measurable, nor is a stay whose response is not recorded where the limit depends on it.

    >>> from analysis.params import StayLimit
    >>> limit = StayLimit(days=56, source="made up", from_on="2026-01-01")
    >>> stays = pd.DataFrame({"enrolled_on": pd.to_datetime(["2026-01-01"] * 4), "response_mode": "mobile",
    ...                       "discharged_on": pd.to_datetime(["2026-02-26", "2026-02-27", None, "2025-12-30"])})
    >>> stay_in_limit_share(stays, Choices(stay_limits=(limit,))).tolist()
    [True, False, False, <NA>]
    """
    limit, _ = limits(stays_due, choices.stay_limits)
    length = days_between(stays_due["enrolled_on"], stays_due["discharged_on"])
    return yes_or_no(length.le(limit), known=limit.notna() & (length.isna() | length.ge(0)))


def open_past_limit_share(open_stays: pd.DataFrame, choices: Choices) -> pd.Series:
    """Stabilizations open at the end of the month that have lasted longer than their limit, out of all that are open."""
    limit, belongs = limits(open_stays, choices.stay_limits)
    length = days_between(open_stays["enrolled_on"], open_stays["counted_on"])
    return yes_or_no(length.gt(limit), known=limit.notna())[belongs]


def referred_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Stabilizations that have ended in which the child was referred to at least one service, whenever in the episode.

    Not measurable in months in which the site sent no referrals.
    """
    log = choices.beside["referrals"]
    known = sent(discharges.assign(counted_on=discharges["requested_on"]), log)
    return yes_or_no(discharges["episode_id"].isin(log["episode_id"]), known=known)


def linked_60_days_share(referrals: pd.DataFrame, choices: Choices) -> pd.Series:
    """Referrals known to have led to a kept appointment within 60 days, the 60th included, out of those whose 60 days have passed.

    An empty first_kept_on means that no kept appointment is known. Some were kept and nobody heard of it, so the share is a
    lower bound of the families who got there. A first appointment before the referral is a slip: not measurable.

    >>> rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-01-01"] * 4), "first_kept_on": pd.to_datetime(["2026-03-02", "2026-03-03", None, "2025-12-31"])})
    >>> linked_60_days_share(rows, Choices(days=60, last_on=pd.Timestamp("2026-10-31"))).tolist()
    [True, False, False, <NA>]
    """
    days = days_between(referrals["counted_on"], referrals["first_kept_on"])
    return yes_or_no(days.le(choices.days), known=days.isna() | days.ge(0))[watched(referrals, choices)]


def back_in_180_days_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes after which the same child had another one 1 to 180 days later, at any site.

    Only episodes whose 180 days have passed belong; the latest half-year waits rather than look good. A second episode on the
    same day is not a return. Without a child_id nobody knows.

    >>> calls = pd.DataFrame({"child_id": pd.array([7, 7, 7, None], dtype="Int64"), "counted_on": pd.to_datetime(["2025-01-01", "2025-01-01", "2025-06-30", "2025-01-01"])})
    >>> back_in_180_days_share(calls, Choices(days=180, last_on=pd.Timestamp("2026-10-31"))).tolist()   # 30 June is 180 days on
    [True, True, False, <NA>]
    """
    days = episodes[["child_id", "counted_on"]].dropna().drop_duplicates().sort_values(["child_id", "counted_on"])
    days["next_on"] = days.groupby("child_id")["counted_on"].shift(-1)
    next_on = episodes[["child_id", "counted_on"]].merge(days, on=["child_id", "counted_on"], how="left")["next_on"]
    again = days_between(episodes["counted_on"], next_on.set_axis(episodes.index)).le(choices.days)
    return yes_or_no(again, known=episodes["child_id"].notna())[watched(episodes, choices)]
