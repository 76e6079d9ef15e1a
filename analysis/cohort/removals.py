"""Removals from home and living arrangements in care, with short police holds told apart."""

import ibis
import ibis.expr.types as ir

from analysis.cohort.spans import number_islands
from analysis.params import Cohort
from analysis.tables import LIVING_SITUATIONS

HOURS_PER_DAY = 24
# Which kind of night (NIGHT_KINDS) an arrangement of child welfare makes; at home with parents it makes none.
KIND_OF_SETTING = {
    "kin": "foster",
    "foster": "foster",
    "treatment_foster": "foster",
    "other": "foster",
    "group_home": "congregate",
    "residential": "congregate",
    "hospital": "congregate",
    "detention": "detention",
    "runaway": "runaway",
}
# From the least to the most restrictive; where the child is unknown, or in a setting of no kind, there is no rank.
STRICTNESS = [setting for setting in LIVING_SITUATIONS if setting not in ("runaway", "other")]


def arrangements(placements: ir.Table, *, cut_on: int) -> ir.Table:
    """One row per living arrangement away from home: child_id, removed_on, from_on, to_on, left_on, is_open, setting, strictness,
    daily_rate_usd.

    `to_on` is cut at `cut_on`, for nights; `left_on` is the last day on record, which tells a hold from a placement though the claims
    end between. One that still lasts has none (is_open). Without a day of removal, the first day of the arrangements that follow on one
    another stands for it.
    """
    away = placements.filter(placements.setting != "family")
    ended = away.mutate(
        is_open=ibis.ifelse(away.to_on.isnull(), 1, 0),
        to_on=ibis.greatest(away.to_on.fill_null(cut_on), away.from_on),
    )
    # The night between the last day of one arrangement and the first of the next is the former's.
    next_on = ended.from_on.lead().over(ibis.window(group_by="child_id", order_by=["from_on", "to_on", "setting"]))
    ended = ended.mutate(to_on=ibis.ifelse((next_on - ended.to_on == 1).fill_null(False), next_on, ended.to_on))
    islands = number_islands(ended, ["child_id"], apart_days=1)
    group = ibis.window(group_by=["child_id", "island"])
    strictness = ibis.cases(
        *[(islands.setting == setting, rank) for rank, setting in enumerate(STRICTNESS)], else_=ibis.null("int64")
    )
    return islands.select(
        "child_id",
        "from_on",
        "is_open",
        "setting",
        "daily_rate_usd",
        to_on=ibis.greatest(ibis.least(islands.to_on, cut_on), islands.from_on),
        left_on=islands.to_on,
        removed_on=ibis.coalesce(islands.removed_on, islands.from_on.min().over(group)),
        strictness=strictness.cast("int64"),
    )


def removals(away: ir.Table, rules: Cohort) -> ir.Table:
    """One row per removal, the columns of REMOVALS. Takes what `arrangements` gives.

    A removal whose last arrangement ended within `hold_hours`, counted in whole days, is a hold.
    """
    order = ibis.window(group_by=["child_id", "removed_on"], order_by=["from_on", "to_on", "setting"])
    before = ibis.window(group_by=["child_id", "removed_on"], order_by=["from_on", "to_on", "setting"], rows=(None, -1))
    steps = away.mutate(place=ibis.row_number().over(order), strictest=away.strictness.max().over(before))
    stricter = (steps.strictness > steps.strictest).fill_null(False)
    kind = ibis.cases(*[(steps.setting == setting, kind) for setting, kind in KIND_OF_SETTING.items()], else_="foster")
    nights = steps.to_on - steps.from_on
    each = steps.group_by(["child_id", "removed_on"]).agg(
        last_on=steps.left_on.max(),
        is_open=steps.is_open.max(),
        first_setting=steps.setting.max(where=steps.place == 0),
        moves=steps.count() - 1,
        first_stricter_on=steps.from_on.min(where=stricter),
        nights=nights.sum(),
        congregate_nights=nights.sum(where=kind == "congregate").fill_null(0),
    )
    hold = (each.is_open == 0) & ((each.last_on - each.removed_on) * HOURS_PER_DAY <= rules.hold_hours)
    return each.select(
        "child_id",
        "removed_on",
        "first_setting",
        "moves",
        "first_stricter_on",
        "nights",
        "congregate_nights",
        ended_on=ibis.ifelse(each.is_open == 1, ibis.null("int64"), each.last_on),
        is_hold=hold,
    )


def placed_spans(away: ir.Table, removed: ir.Table) -> ir.Table:
    """One row per arrangement: child_id, from_on, to_on, kind of its nights, daily_rate_usd. A hold's are all of the kind hold."""
    joined = away.left_join(removed.select("child_id", "removed_on", "is_hold"), ["child_id", "removed_on"])
    kind = ibis.cases(*[(joined.setting == setting, kind) for setting, kind in KIND_OF_SETTING.items()], else_="foster")
    return joined.select(
        "child_id", "from_on", "to_on", "daily_rate_usd", kind=ibis.ifelse(joined.is_hold, "hold", kind)
    )
