"""The linked state as its agencies send it: Medicaid, child welfare, detention, and the crosswalk of their identifiers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.demo.counties import read_counties
from analysis.demo.linked.claims import coded, keep_lines
from analysis.demo.linked.frame import Frame, date_of, month_starts
from analysis.demo.linked.roster import People, since_birth
from analysis.demo.linked.rows import is_zero_paid
from analysis.demo.linked.settings import GROUPS, Linked
from analysis.demo.linked.spoil import BORDER_COUNTIES, Spoiler, adjust, miss_run_out, strip_zeros

# T-MSIS codes: SEX_CD, RACE_ETHNCTY_FLAG (9 is the state's own), ELGBLTY_GRP_CD.
SEX_CODES = ("F", "M", "U")
RACE_CODES = ("4", "3", "2", "7", "9", "5", "1", "6", "")
GROUP_CODES = {"tanf": "07", "chip": "61", "ssi": "11", "foster": "08"}
FIRST_NAMES = ("Ada", "Ben", "Cruz", "Dana", "Eli", "Fay", "Gil", "Hana", "Ira", "Juno", "Kai", "Luz", "Milo", "Nia")
LAST_NAMES = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Maple", "Oak", "Pine", "Rowan", "Willow")
FILES = ("ot", "ip", "lt")
FILE_TYPES = {"ot": "other", "ip": "inpatient", "lt": "long_term"}
MORE_DIAGNOSES = {
    "ot": [],
    "ip": [*(f"DGNS_{number}_CD" for number in range(3, 13)), "ADMTG_DGNS_CD"],
    "lt": [
        "ADMSN_DT",
        "DSCHRG_DT",
        "DGNS_3_CD",
        "DGNS_4_CD",
        "DGNS_5_CD",
        "ADMTG_DGNS_CD",
    ],  # of stays under way: left empty
}
DECIDED_AFTER = np.timedelta64(20, "D")
ED_REVENUE, ED_PLACE = "0450", "23"


def medicaid_id(number: np.ndarray, *, second: bool = False) -> pd.Series:
    """Identifiers of eleven digits with leading zeros, one for each child's number; a second one begins with 9.

    >>> medicaid_id(np.array([0, 1])).tolist(), medicaid_id(np.array([0]), second=True).tolist()
    (['00000104729', '00000112648'], ['90000104729'])
    """
    digits = pd.Series((number.astype(np.int64) * 7919 + 104729) % 10**9).astype(str).str.zfill(11)
    return "9" + digits.str[1:] if second else digits


def write_people(people: People, frame: Frame, linked: Linked, spoiler: Spoiler) -> dict[str, pd.DataFrame]:
    """The Medicaid files of one block by name; one row a child, a span of enrollment, a claim and a line of a claim."""
    second = spoiler.chosen("second_id", len(people.number))
    people, twin = _with_twins(people, linked, spoiler)
    since = linked.last_day * 3 // 5  # the day from which the second identifier is used
    tables = {
        "medicaid_children": _children(people, linked, second, twin),
        "medicaid_enrollment": _enrollment(people, frame, linked, spoiler),
    }
    lines = _seen(people, frame, linked, spoiler)
    child_id, other_id = medicaid_id(people.number), medicaid_id(people.number, second=True)
    whose = np.where(second[lines["child"]] & (lines["from"] >= since), other_id.to_numpy()[lines["child"]], child_id.to_numpy()[lines["child"]])  # fmt: skip
    codes = coded(lines)
    for name in FILES:
        own = codes["file_type"] == FILE_TYPES[name]
        headers, rows = _claims(keep_lines(lines, own), {key: values[own] for key, values in codes.items()}, whose[own], name, people.block, linked)  # fmt: skip
        headers, rows = adjust(headers, rows, spoiler_of(spoiler, name))
        struck = spoiler_of(spoiler, name).chosen("zeros_lost", len(headers))
        headers["MSIS_IDENT_NUM"] = strip_zeros(headers["MSIS_IDENT_NUM"], struck)
        key = {"CLM_ID": f"{name.upper()}_LINK_KEY"}
        tables[f"{name}_header"], tables[f"{name}_line"] = headers.rename(columns=key), rows.rename(columns=key)
    return tables


def spoiler_of(spoiler: Spoiler, file: str) -> Spoiler:
    """The same dirt with draws of its own for each claims file."""
    return Spoiler(spoiler.linked, spoiler.block * len(FILES) + FILES.index(file), spoiler.clean, spoiler.counts)


def _with_twins(people: People, linked: Linked, spoiler: Spoiler) -> tuple[People, np.ndarray]:
    """The people with the days of birth of twins, and the positions of those who have that of the child before."""
    # Only among children whom no service knows, so that nobody in the study or of the service gets another's birthday.
    rates = spoiler.linked.dirt["twins"] * (people.block > 0) * (np.arange(len(people.number)) > people.known)
    own = np.flatnonzero(spoiler.chosen("twins", len(people.number), rates))
    born = people.born.copy()
    born[own] = born[own - 1]
    return since_birth(replace(people, born=born), linked), own


def _children(people: People, linked: Linked, second: np.ndarray, twin: np.ndarray) -> pd.DataFrame:
    """One row an identifier: a child under two of them is there twice. Twins share a day of birth and a last name."""
    number, born = people.number, people.born
    surname = number % len(LAST_NAMES)
    surname[twin] = surname[twin - 1]
    died = pd.Series(date_of(linked, np.maximum(people.died, 0))).where(people.died >= 0)
    table = pd.DataFrame(
        {
            "MSIS_IDENT_NUM": medicaid_id(number),
            "BIRTH_DT": date_of(linked, born),
            "DEATH_DT": died,
            "SEX_CD": np.array(SEX_CODES, dtype=object)[people.sex],
            "RACE_ETHNCTY_FLAG": np.array(RACE_CODES, dtype=object)[people.race],
            "FIRST_NM": np.array(FIRST_NAMES, dtype=object)[number * 5 % len(FIRST_NAMES)],
            "LAST_NM": np.array(LAST_NAMES, dtype=object)[surname],
        }
    )
    again = table[second].assign(MSIS_IDENT_NUM=medicaid_id(number[second], second=True).to_numpy())
    return pd.concat([table, again], ignore_index=True)


def _enrollment(people: People, frame: Frame, linked: Linked, spoiler: Spoiler) -> pd.DataFrame:
    """One row a span of months without a gap; a county is a FIPS code, or its last three digits, or a name."""
    starts = month_starts(linked)
    padded = np.pad(people.enrolled.astype(np.int8), ((0, 0), (1, 1)))
    steps = np.diff(padded, axis=1)
    child, first = np.nonzero(steps == 1)
    _, after = np.nonzero(steps == -1)
    names = read_counties().set_index("county_fips")["county_name"]
    fips = pd.Series(np.array(frame.counties, dtype=object)[people.county[child]])
    named, short = spoiler.chosen("county_name", len(child)), spoiler.chosen("county_short", len(child))
    return pd.DataFrame(
        {
            "MSIS_IDENT_NUM": medicaid_id(people.number).to_numpy()[child],
            "ENRLMT_EFCTV_DT": date_of(linked, starts[first]),
            "ENRLMT_END_DT": date_of(linked, starts[after] - 1),
            "ELGBL_CNTY_CD": fips.mask(short, fips.str[2:]).mask(named, fips.map(names)),
            "ELGBLTY_GRP_CD": np.array([GROUP_CODES[group] for group in GROUPS], dtype=object)[people.group[child]],
            "MC_PLAN_TYPE_CD": "01",
        }
    )


def _seen(people: People, frame: Frame, linked: Linked, spoiler: Spoiler) -> dict[str, np.ndarray]:
    """The lines that have come: within enrollment and the days of the claims, but for late ones and care across the border."""
    lines, starts = people.lines, month_starts(linked)
    inside = (lines["from"] >= 0) & (lines["from"] <= linked.last_day)
    month = np.searchsorted(starts, np.where(inside, lines["from"], 0), side="right") - 1
    inside &= people.enrolled[lines["child"], month]
    lines = keep_lines(lines, inside)
    claims, which = np.unique(lines["claim"], return_inverse=True)
    first = np.zeros(len(claims), dtype=int)
    first[which] = lines["from"]
    late = spoiler.chosen("late", len(claims), miss_run_out(first, linked))[which]
    codes = coded(lines)
    border = np.isin(np.array(frame.counties)[people.county], BORDER_COUNTIES)[lines["child"]]
    in_ed = border & ((codes["revenue_code"] == ED_REVENUE) | (codes["place_of_service"] == ED_PLACE))
    # A child's visit on a day is missing as a whole: facility and physician are across the border.
    key = lines["child"].astype(np.int64) * (linked.last_day + 1) + lines["from"]
    visits, visit = np.unique(key, return_inverse=True)
    away = spoiler.chosen("across_border", len(visits), linked.dirt.get("across_border", 0) * np.bincount(visit, in_ed).astype(bool))[visit] & in_ed  # fmt: skip
    return keep_lines(lines, ~late & ~away)


def _claims(
    lines: dict, codes: dict, whose: np.ndarray, name: str, block: int, linked: Linked
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Headers and lines of one file."""
    digits = pc.utf8_lpad(pa.array(block * 10**8 + lines["claim"] + 1).cast(pa.string()), 13, "0")
    claim_id = pd.Series(digits.to_numpy(zero_copy_only=False))
    first = np.unique(lines["claim"], return_index=True)[1]
    usd = lines["cents"] / 100
    nothing = is_zero_paid(lines["claim"])
    paid = np.where(nothing, 0.0, usd)
    total = pd.Series(paid).groupby(lines["claim"]).sum().round(2).to_numpy()
    begins, ends = date_of(linked, lines["from"][first]), date_of(linked, lines["to"][first])
    spelled = {key: without_dots(lines[key][first]) for key in ("diagnosis_1", "diagnosis_2")}
    dates = {"SRVC_BGNNG_DT": begins, "SRVC_ENDG_DT": ends}
    if name == "ip":
        dates = {"ADMSN_DT": begins, "DSCHRG_DT": ends}
    headers = pd.DataFrame(
        {
            "CLM_ID": claim_id.to_numpy()[first],
            "MSIS_IDENT_NUM": whose[first],
            "CLM_TYPE_CD": np.where(nothing[first], "3", "1"),
            "PYMT_LVL_IND": "2",
            **dates,
            "ADJDCTN_DT": ends + DECIDED_AFTER,
            "BILL_TYPE_CD": codes["bill_type"][first],
            "DGNS_1_CD": spelled["diagnosis_1"],
            "DGNS_2_CD": spelled["diagnosis_2"],
            **dict.fromkeys(MORE_DIAGNOSES[name], ""),
            **({} if name == "ot" else {"PTNT_STUS_CD": lines["status"][first]}),
            **({"DRG_CD": ""} if name == "ip" else {}),
            "TOT_MDCD_PD_AMT": total,
        }
    )
    rows = pd.DataFrame(
        {
            "CLM_ID": claim_id,
            "LINE_NUM": lines["line"],
            "SRVC_BGNNG_DT": date_of(linked, lines["from"]),
            "SRVC_ENDG_DT": date_of(linked, lines["to"]),
            "REV_CD": codes["revenue_code"],
            **({"PRCDR_CD": codes["procedure_code"], "SRVC_PLC_CD": codes["place_of_service"]} if name == "ot" else {}),
            "CLL_STUS_CD": "1",
            "MDCD_PD_AMT": paid,
            "MDCD_FFS_EQUIV_AMT": usd,
        }
    )
    return headers, rows


def without_dots(codes: np.ndarray) -> np.ndarray:
    """ICD-10-CM codes as claims spell them.

    >>> without_dots(np.array(["F32.9", ""], dtype=object)).tolist()
    ['F329', '']
    """
    number, different = pd.factorize(codes)
    return np.array([code.replace(".", "") for code in different], dtype=object)[number]
