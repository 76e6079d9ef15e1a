"""Crises: contacts of a child with a mobile team or, for behavioral health, an emergency department, chained by their first one."""

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.cohort.ed import behavioral
from analysis.cohort.spans import number_islands
from analysis.params import Cohort

IN_ED = "emergency_department"
# Which contact of one day came first: claims have no hour. A team that was called to an ED, or by one, came after it.
ORDER = {"mobile": 0, "ed": 1, "mobile_in_ed": 2}


def dispatches(episodes: pd.DataFrame, rules: Cohort) -> pd.DataFrame:
    """One row per episode in which a team went or was sent: child_id, contact_on, contact (a name of ORDER).

    Takes episodes as at rest. Whether the team met anybody does not matter, nor what came of it: a contrast of those who were met
    would compare outcomes. The day is that of dispatch, or the one that counts the episode where no dispatch was recorded.
    Episodes without a child are dropped: nobody can follow them.

    >>> rules = Cohort(index_from="2024-01-01", index_to="2024-12-31", data_cut="2025-06-30", common_band=("mood",))
    >>> episodes = pd.DataFrame({"child_id": [1, 2, 3], "counted_on": pd.to_datetime(["2024-03-01"] * 3),
    ...     "dispatched_at": [pd.Timestamp("2024-03-02 01:00"), pd.NaT, pd.NaT], "response_mode": ["mobile", "phone", "mobile"],
    ...     "referral_source": ["family", "family", "emergency_department"], "response_location": [None, None, None]})
    >>> dispatches(episodes, rules).astype(str).values.tolist()
    [['1', '2024-03-02', 'mobile'], ['3', '2024-03-01', 'mobile_in_ed']]
    """
    sent = episodes["dispatched_at"].notna() | episodes["response_mode"].isin(rules.mobile_modes)
    went = episodes[sent & episodes["child_id"].notna()]
    clock = went["dispatched_at"].dt.tz_localize(None).dt.normalize()
    in_ed = went["referral_source"].eq(IN_ED).fillna(False) | went["response_location"].eq(IN_ED).fillna(False)
    contact = pd.Series("mobile", index=went.index).mask(in_ed.astype(bool), "mobile_in_ed")
    rows = pd.DataFrame(
        {"child_id": went["child_id"], "contact_on": clock.fillna(went["counted_on"]), "contact": contact}
    )
    return rows.drop_duplicates().sort_values(["child_id", "contact_on", "contact"], ignore_index=True)


def contacts(dispatched: ir.Table, visits: ir.Table, rules: Cohort) -> ir.Table:
    """One row per contact: child_id, from_on, to_on, place (its place in ORDER). Takes dispatches (contact_on, contact) and ED visits."""
    teams = dispatched.select(
        "child_id",
        from_on=dispatched.contact_on,
        to_on=dispatched.contact_on,
        place=ibis.ifelse(dispatched.contact == "mobile", ORDER["mobile"], ORDER["mobile_in_ed"]),
    )
    ed = visits.filter(behavioral(visits, rules)).select(
        "child_id", "from_on", "to_on", place=ibis.literal(ORDER["ed"])
    )
    columns = {"from_on": "int64", "to_on": "int64", "place": "int64", "child_id": "int64"}
    return ibis.union(teams.cast(columns), ed.cast(columns))


def chain_crises(met: ir.Table, rules: Cohort) -> ir.Table:
    """One row per crisis: child_id, index_on, last_on, arm, crises_before, calm_days (since the last crisis ended; empty for none).

    Takes what `contacts` gives. Contacts at most `chain_days` apart are one crisis and belong to the first: a child whom a team sends
    to an ED is mobile_first, and a child for whom an ED calls a team is ed_first. `arm` is empty where a team met the child in an ED
    of which there is no behavioral claim: it was not the first contact, and the first one is not known.
    """
    numbered = number_islands(met, ["child_id"], apart_days=rules.chain_days)
    order = ibis.window(group_by=["child_id", "island"], order_by=["from_on", "place", "to_on"])
    ranked = numbered.mutate(first=ibis.row_number().over(order))
    each = ranked.group_by(["child_id", "island"]).agg(
        index_on=ranked.from_on.min(),
        last_on=ranked.to_on.max(),
        place=ranked.place.min(where=ranked["first"] == 0),
    )
    before = ibis.window(group_by="child_id", order_by="index_on", rows=(None, -1))
    ended_before = each.last_on.max().over(before)
    arm = ibis.cases((each.place == ORDER["mobile"], "mobile_first"), (each.place == ORDER["ed"], "ed_first"))
    return each.select(
        "child_id",
        "index_on",
        "last_on",
        arm=arm,
        crises_before=each.island - 1,
        calm_days=each.index_on - ended_before,
    )
