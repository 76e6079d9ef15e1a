"""Files of child welfare and detention, and the crosswalk of identifiers; these are small and written at once."""

import numpy as np
import pandas as pd

from analysis.demo.linked.county_months import make_county_months
from analysis.demo.linked.extracts import FIRST_NAMES, LAST_NAMES, medicaid_id
from analysis.demo.linked.roster import known_others
from analysis.demo.linked.spoil import Spoiler
from analysis.demo.linked.state import LinkedState

# AFCARS 2020: E113 foster family home, E115 therapeutic, E117 relative, E119 kin, E120 another arrangement (1 group home, 4
# residential treatment), as params/sources/afcars_2020.yml reads them.
SETTING_CODES = {
    "kin": ("yes", "no", "yes", "0"),
    "foster": ("yes", "no", "no", "0"),
    "treatment_foster": ("yes", "yes", "no", "0"),
    "group_home": ("no", "no", "no", "1"),
    "residential": ("no", "no", "no", "4"),
}
REUNIFIED, DOES_NOT_APPLY = "1", "9"


def write_placements(state: LinkedState) -> pd.DataFrame:
    """AFCARS-like: one row a living arrangement, by the agency's own record number."""
    rows = state.tables["placements"]
    codes = np.array([SETTING_CODES[setting] for setting in rows["setting"]], dtype=object).reshape(-1, 4)
    who = _positions(state, rows["child_id"])
    return pd.DataFrame(
        {
            "E4": foster_id(who),
            "FIRST_NM": np.array(FIRST_NAMES, dtype=object)[who * 5 % len(FIRST_NAMES)],
            "LAST_NM": np.array(LAST_NAMES, dtype=object)[who % len(LAST_NAMES)],
            "E5": _born(state)[who],
            "E69": rows["removed_on"],
            "E112": rows["from_on"],
            "E113": codes[:, 0],
            "E115": codes[:, 1],
            "E117": "no",
            "E119": codes[:, 2],
            "E120": codes[:, 3],
            "E121": "1",
            "E153": rows["exited_on"],
            "E155": np.where(rows["exit_reason"].ne(""), REUNIFIED, DOES_NOT_APPLY),
            "DAILY_RATE": rows["daily_rate_usd"],
        }
    )


def write_detentions(state: LinkedState) -> pd.DataFrame:
    """One row a stay, by the counties' own number of a child."""
    rows = state.tables["detentions"]
    return pd.DataFrame(
        {
            "DETAINEE_NO": detainee_id(_positions(state, rows["child_id"])),
            "BOOKED": rows["booked_on"],
            "RELEASED": rows["released_on"],
            "FACILITY": rows["facility"],
            "CHARGE": rows["charge_level"],
        }
    )


def write_crosswalk(state: LinkedState, second: np.ndarray, spoiler: Spoiler) -> pd.DataFrame:
    """One row a Medicaid identifier that the agencies could tie to one of theirs: CLIENT_ID (dispatch), RECORD_NUMBER, DETAINEE_NO.

    `second` is true for the children under two Medicaid identifiers, who are there twice.
    """
    mobile = np.flatnonzero(state.index.mobile)
    linked, sites = state.linked, state.index.crises.site
    # Sites differ in how well they write identifiers down: from half to twice the rate.
    rates = linked.dirt["unlinked"] * np.linspace(0.5, 2.0, len(state.frame.sites))
    dropped = np.zeros(len(state.child_id), dtype=bool)
    dropped[mobile] = spoiler.chosen("unlinked", len(mobile), rates[sites[mobile]])
    client = pd.Series(state.child_id).where(state.index.mobile & ~dropped, "")
    placed = np.zeros(len(client), dtype=bool)
    placed[np.unique(_positions(state, state.tables["placements"]["child_id"]))] = True
    held = np.zeros(len(client), dtype=bool)
    held[np.unique(_positions(state, state.tables["detentions"]["child_id"]))] = True
    everyone = np.arange(len(client))
    known = placed & ~spoiler.chosen("no_foster_id", len(client), linked.dirt["no_foster_id"] * placed)
    table = pd.DataFrame(
        {
            "MSIS_IDENT_NUM": medicaid_id(everyone),
            "CLIENT_ID": client,
            "RECORD_NUMBER": pd.Series(foster_id(everyone)).where(known, ""),
            "DETAINEE_NO": pd.Series(detainee_id(everyone)).where(held, ""),
        }
    )
    again = table[second[: len(table)]].assign(MSIS_IDENT_NUM=medicaid_id(everyone[second[: len(table)]], second=True).to_numpy())  # fmt: skip
    first = len(state.people.number)
    known = known_others(max(linked.children - first, 0), state.frame, linked)
    written = ~spoiler.chosen("unlinked_others", len(known), rates[known["site"]])
    own = {
        "MSIS_IDENT_NUM": medicaid_id(first + np.flatnonzero(written)),
        "CLIENT_ID": known["child_id"][written].to_numpy(),
    }
    both = pd.concat([table, again, pd.DataFrame(own)], ignore_index=True).fillna("")
    useful = both[["CLIENT_ID", "RECORD_NUMBER", "DETAINEE_NO"]].ne("").any(axis=1)
    return both[useful | both["MSIS_IDENT_NUM"].isin(again["MSIS_IDENT_NUM"])].reset_index(drop=True)


def write_county_counts(state: LinkedState) -> pd.DataFrame:
    """One row a county and month of the whole state, as its agencies count without looking at any child's records."""
    counts = (
        make_county_months(state)
        .drop(columns="site_live_days")
        .rename(columns={"county_fips": "COUNTY", "month_on": "MONTH"})
    )
    return counts.rename(columns=str.upper)


def foster_id(number: np.ndarray) -> np.ndarray:
    """The record numbers of child welfare."""
    return np.array([f"F{(one * 6007 + 31) % 10**6:06d}" for one in number], dtype=object)


def detainee_id(number: np.ndarray) -> np.ndarray:
    """The counties' numbers of children in detention."""
    return np.array([f"J{(one * 5003 + 17) % 10**6:06d}" for one in number], dtype=object)


def _positions(state: LinkedState, child_id: pd.Series) -> np.ndarray:
    place = pd.Series(np.arange(len(state.child_id)), index=state.child_id)
    return place.loc[child_id].to_numpy()


def _born(state: LinkedState) -> np.ndarray:
    return state.tables["children"]["born_on"].to_numpy()
