"""Clean tables of the linked state with the contract's columns: claims, enrollment, placements, detentions."""

import numpy as np
import pandas as pd

from analysis.demo.linked.claims import coded
from analysis.demo.linked.crises import DETAINED, Crises
from analysis.demo.linked.frame import date_of, month_starts
from analysis.demo.linked.paths import Paths
from analysis.demo.linked.roster import People
from analysis.demo.linked.settings import GROUPS, PLACED_IN, Linked
from analysis.tables import CLAIMS, DETENTIONS, ENROLLMENT, PLACEMENTS, RACES, SEXES

ZERO_PAID = 0.2  # of claims, encounters that a capitated plan reports with nothing paid


def make_claims(people: People, child_id: np.ndarray, linked: Linked) -> pd.DataFrame:
    """The claims: lines of children while they are on Medicaid and while there are claims; a claim is zero-paid as a whole.

    Takes one row a line and an id a child, gives the contract's columns, ordered by child and day. The fee-for-service equivalent
    of a claim stands in every line.
    """
    lines, enrolled = people.lines, people.enrolled
    seen = lines["from"] <= linked.last_day
    month = np.searchsorted(month_starts(linked), np.where(seen, lines["from"], 0), side="right") - 1
    seen &= enrolled[lines["child"], month] & (lines["from"] >= 0)
    kept = {name: values[seen] for name, values in lines.items()}
    usd = kept["cents"] / 100
    nothing = is_zero_paid(kept["claim"])
    claims = pd.DataFrame(
        {
            "claim_id": "K" + pd.Series(kept["claim"] + 1).astype(str).str.zfill(9),
            "line": kept["line"],
            "child_id": child_id[kept["child"]],
            **coded(kept),
            "service_from_on": date_of(linked, kept["from"]),
            "service_to_on": date_of(linked, np.minimum(kept["to"], linked.last_day)),
            "diagnosis_1": kept["diagnosis_1"],
            "diagnosis_2": kept["diagnosis_2"],
            "patient_status": kept["status"],
            "paid_usd": np.where(nothing, 0.0, usd),
            "ffs_equivalent_usd": usd,
            "payment_kind": np.where(nothing, "encounter", "fee_for_service"),
            "claim_action": "original",
            "claim_status": "paid",
        }
    )
    return claims.reindex(columns=CLAIMS.names)


def make_enrollment(people: People, child_id: np.ndarray, counties: tuple[str, ...], linked: Linked) -> pd.DataFrame:
    """One row a child and month on Medicaid, ordered by both."""
    child, month = np.nonzero(people.enrolled)
    starts = month_starts(linked)
    groups = np.array(list(GROUPS), dtype=object)[people.group[child]]
    return pd.DataFrame(
        {
            "child_id": child_id[child],
            "month_on": date_of(linked, starts[month]),
            "days": np.diff(starts)[month],
            "county_fips": np.array(counties, dtype=object)[people.county[child]],
            "eligibility_group": groups,
            "plan_type": "managed care",
        }
    )[ENROLLMENT.names]


def make_children(people: People, child_id: np.ndarray, linked: Linked) -> pd.DataFrame:
    """One row a child whom Medicaid knows: birth, death, sex, race and ethnicity."""
    return pd.DataFrame(
        {
            "child_id": child_id,
            "born_on": date_of(linked, people.born),
            "died_on": pd.Series(date_of(linked, np.maximum(people.died, 0))).where(people.died >= 0),
            "sex": np.array(list(SEXES), dtype=object)[people.sex],
            "race_ethnicity": np.array([*RACES, None], dtype=object)[people.race],
        }
    )


def make_placements(crises: Crises, paths: Paths, child_id: np.ndarray, linked: Linked) -> pd.DataFrame:
    """One row a living arrangement that began by the last day of claims; its last day is empty where it lasts beyond."""
    spans = paths.placements
    child = spans["child"]
    start, end = crises.day[child] + spans["from"], crises.day[child] + spans["to"]
    seen = start <= linked.last_day
    setting = np.array(PLACED_IN, dtype=object)[spans["setting"]]
    rate = np.array([linked.prices.placement_night[one] for one in PLACED_IN])[spans["setting"]]
    last = _last_of_spell(spans)
    exits = np.where(last, "reunified", "")
    table = pd.DataFrame(
        {
            "child_id": child_id[child],
            "removed_on": date_of(linked, crises.day[child] + spans["removed"]),
            "from_on": date_of(linked, start),
            "to_on": pd.Series(date_of(linked, end)).where(end <= linked.last_day),
            "exited_on": pd.Series(date_of(linked, end)).where(last & (end <= linked.last_day)),
            "setting": setting,
            "exit_reason": np.where(end <= linked.last_day, exits, ""),
            "daily_rate_usd": rate,
        }
    )
    return table.loc[seen, PLACEMENTS.names].reset_index(drop=True)


def make_detentions(crises: Crises, paths: Paths, child_id: np.ndarray, linked: Linked) -> pd.DataFrame:
    """One row a stay in detention that began by the last day of claims."""
    past, after = crises.past, paths.detentions
    held = past["kind"] == DETAINED
    child = np.concatenate([past["child"][held], after["child"]])
    start = crises.day[child] + np.concatenate([-past["days_before"][held], after["from"]])
    end = start + np.concatenate([past["nights"][held], after["to"] - after["from"]])
    order = np.lexsort((start, child))
    child, start, end = child[order], start[order], end[order]
    seen = start <= linked.last_day
    table = pd.DataFrame(
        {
            "child_id": child_id[child],
            "booked_on": date_of(linked, start),
            "released_on": pd.Series(date_of(linked, end)).where(end <= linked.last_day),
            "facility": "Juvenile center " + (crises.county[child] % 4 + 1).astype(str).astype(object),
            "charge_level": np.where(child % 3 == 0, "felony", "misdemeanor"),
        }
    )
    return table.loc[seen, DETENTIONS.names].reset_index(drop=True)


def _last_of_spell(spans: dict[str, np.ndarray]) -> np.ndarray:
    """True for the last arrangement of a removal; rows are ordered by child and day."""
    same = (spans["child"][1:] == spans["child"][:-1]) & (spans["removed"][1:] == spans["removed"][:-1])
    return np.append(~same, True)[: len(spans["child"])]


def is_zero_paid(claim: np.ndarray) -> np.ndarray:
    """True for the claims, by number, that a capitated plan reports with nothing paid: ZERO_PAID of them, whatever is left out.

    A fixed number between 0 and 1 stands for each claim (Knuth's multiplicative hash).
    """
    return (claim.astype(np.uint64) * np.uint64(2654435761) % np.uint64(2**32)) / 2**32 < ZERO_PAID
