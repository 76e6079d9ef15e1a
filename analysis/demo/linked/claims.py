"""Claims of what happens to children: several lines a visit, professional and facility, as the contract's claims."""

from collections.abc import Mapping

import numpy as np

from analysis.demo.linked.conditions import CODES
from analysis.demo.linked.crises import HOSPITAL, VISIT, Crises, residential_before
from analysis.demo.linked.families import FAMILIES, TIER_DIAGNOSES
from analysis.demo.linked.past import Past
from analysis.demo.linked.paths import HOSPITAL_SHARE, Paths, interim_bills
from analysis.demo.linked.settings import TIERS, Linked

FACILITY_SHARE = 0.75  # of an ED bill; the physician has the rest
# How each kind of line is coded: file type, revenue code, procedure, place of service, bill type.
KINDS = {
    "ed_facility": ("other", "0450", "99284", "", "131"),
    "ed_observation": ("other", "0762", "G0378", "23", "131"),
    "ed_physician": ("other", "", "99284", "23", ""),
    "hospital": ("inpatient", "0124", "", "", "111"),
    "hospital_physician": ("other", "", "99223", "51", ""),
    "residential": ("long_term", "1001", "", "56", "863"),
    "mobile": ("other", "", "H2011", "12", ""),
    "stabilization": ("other", "", "T1016", "12", ""),
    "therapy": ("other", "", "90837", "11", ""),
    "office": ("other", "", "99213", "11", ""),
}
NAMES = tuple(KINDS)
OFFICE_DIAGNOSIS = "J30.9"  # allergic rhinitis: an office visit that is no well visit
ADMITTED, HOME, STILL_THERE = "65", "01", "30"  # patient status codes (UB-04)
PLAIN = ("child", "claim", "line", "kind", "from", "to", "diagnosis_1", "diagnosis_2", "status", "cents")

Lines = dict[str, np.ndarray]


def lines_of(crises: Crises, mobile: np.ndarray, paths: Paths, past: Past, linked: Linked) -> Lines:
    """Every line of these children's behavioral claims: child, claim (a number), line, kind, from, to, diagnoses, status, cents.

    Days count from the first day of claims. Cents of an event's lines add up to its bill.
    """
    parts = [
        _visit_lines(crises, paths, linked),
        _past_visit_lines(crises, linked),
        _stay_lines(crises, paths, linked),
        _past_stay_lines(crises, linked),
        _mobile_lines(crises, mobile, paths, linked),
        _care_lines(crises, paths, past.care, linked),
        plain_lines(crises.day[paths.plain["child"]], paths.plain),
        plain_lines(crises.day[past.plain["child"]], past.plain | {"day": -past.plain["days_before"]}),
    ]
    return number_claims(stack(parts))


def stack(parts: list[Lines]) -> Lines:
    """Lines one after the other; `claim` numbers start anew in each part."""
    starts = np.cumsum([0, *[int(part["claim"].max(initial=-1)) + 1 for part in parts]])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in PLAIN}
    joined["claim"] = np.concatenate([part["claim"] + start for part, start in zip(parts, starts, strict=False)])
    return joined


def number_claims(lines: Lines) -> Lines:
    """The lines ordered by child, first day, claim and line, claims numbered from 0 in that order."""
    order = np.lexsort((lines["line"], lines["claim"], lines["from"], lines["child"]))
    lines = {name: values[order] for name, values in lines.items()}
    new = np.concatenate([[True], lines["claim"][1:] != lines["claim"][:-1]])[: len(order)]
    return lines | {"claim": np.cumsum(new) - 1}


def keep_lines(lines: Lines, which: np.ndarray) -> Lines:
    """The lines for which `which` is true."""
    return {name: values[which] for name, values in lines.items()}


def _lines(kind: str, child: np.ndarray, claim: np.ndarray, line: int, **given: object) -> Lines:
    size = len(child)
    filled = {"kind": NAMES.index(kind), "line": line, "diagnosis_2": "", "status": ""} | given
    lines = {name: np.broadcast_to(np.asarray(value), size) for name, value in filled.items()}
    text = {name: lines[name].astype(object) for name in ("diagnosis_1", "diagnosis_2", "status")}
    return lines | text | {"child": child, "claim": claim}


def _ed_claims(child: np.ndarray, day: np.ndarray, to: np.ndarray, first: np.ndarray, second: np.ndarray, status: np.ndarray, cents: np.ndarray, boarded_cents: np.ndarray) -> Lines:  # fmt: skip
    """A facility claim, with a line for the nights of boarding where there were any, and a physician's claim."""
    number = np.arange(len(child))
    facility = np.rint(cents * FACILITY_SHARE).astype(np.int64)
    boards = np.flatnonzero(boarded_cents > 0)
    said = {"diagnosis_1": first, "diagnosis_2": second}
    return stack(
        [
            _join_lines(
                _lines("ed_facility", child, number, 1, **said, **{"from": day, "to": to}, status=status, cents=facility),
                _lines(
                    "ed_observation", child[boards], number[boards], 2, diagnosis_1=first[boards], diagnosis_2=second[boards],
                    **{"from": day[boards], "to": to[boards]}, status=status[boards], cents=boarded_cents[boards],
                ),
            ),
            _lines("ed_physician", child, number, 1, **said, **{"from": day, "to": day}, cents=cents - facility),
        ]
    )  # fmt: skip


def _join_lines(*parts: Lines) -> Lines:
    return {name: np.concatenate([part[name] for part in parts]) for name in PLAIN}


def _visit_lines(crises: Crises, paths: Paths, linked: Linked) -> Lines:
    visits = paths.visits
    child, day = visits["child"], crises.day[visits["child"]] + visits["day"]
    tiers = np.array([TIER_DIAGNOSES[tier] for tier in TIERS], dtype=object)[visits["tier"]]
    family = np.array([(one.diagnosis_1, one.diagnosis_2) for one in FAMILIES.values()], dtype=object)[
        crises.family[child]
    ]
    said = np.where(visits["first"][:, None], family, tiers)
    status = np.where(visits["becomes_stay"], ADMITTED, HOME)
    boarded = np.rint(visits["boarded"] * linked.prices.boarding_night * 100).astype(np.int64)
    cents = np.rint(visits["usd"] * 100).astype(np.int64) - boarded
    return _ed_claims(child, day, day + visits["boarded"], said[:, 0], said[:, 1], status, cents, boarded)


def _past_visit_lines(crises: Crises, linked: Linked) -> Lines:
    past = crises.past
    seen = past["kind"] == VISIT
    child = past["child"][seen]
    day = crises.day[child] - past["days_before"][seen]
    said = np.array([TIER_DIAGNOSES[tier] for tier in TIERS], dtype=object)[past["tier"][seen]]
    status = np.where(past["nights"][seen] > 0, ADMITTED, HOME)
    cents = np.full(len(child), round(linked.prices.ed_visit * 100))
    return _ed_claims(child, day, day, said[:, 0], said[:, 1], status, cents, np.zeros(len(child), dtype=np.int64))


def _hospital_lines(child: np.ndarray, day: np.ndarray, to: np.ndarray, crises: Crises, linked: Linked) -> Lines:
    number = np.arange(len(child))
    cents = np.rint((to - day) * linked.prices.hospital_night * 100).astype(np.int64)
    facility = np.rint(cents * HOSPITAL_SHARE).astype(np.int64)
    mental = np.array([family.diagnosis_1 if family.kind != "social" else "F43.10" for family in FAMILIES.values()], dtype=object)  # fmt: skip
    said = {"diagnosis_1": mental[crises.family[child]]}
    return stack(
        [
            _lines("hospital", child, number, 1, **said, **{"from": day, "to": to}, status=HOME, cents=facility),
            _lines("hospital_physician", child, number, 1, **said, **{"from": day, "to": day}, cents=cents - facility),
        ]
    )


def _stay_lines(crises: Crises, paths: Paths, linked: Linked) -> Lines:
    stays = paths.stays
    short = ~stays["long"]
    child = stays["child"][short]
    hospital = _hospital_lines(
        child, crises.day[child] + stays["from"][short], crises.day[child] + stays["to"][short], crises, linked
    )
    return stack([hospital, _residential_lines(stays, crises, linked)])


def _residential_lines(stays: Mapping[str, np.ndarray], crises: Crises, linked: Linked) -> Lines:
    """The interim bills of the long ones of these stays."""
    bills = interim_bills(stays)
    day = crises.day[bills["child"]] + bills["day"]
    to = day + bills["nights"]
    last = to == crises.day[bills["child"]] + stays["to"][bills["stay"]]
    return _lines(
        "residential", bills["child"], np.arange(len(day)), 1, diagnosis_1=FAMILIES["disruptive"].diagnosis_1,
        **{"from": day, "to": to}, status=np.where(last, HOME, STILL_THERE),
        cents=np.rint(bills["nights"] * linked.prices.residential_night * 100).astype(np.int64),
    )  # fmt: skip


def _past_stay_lines(crises: Crises, linked: Linked) -> Lines:
    past = crises.past
    stayed = (past["nights"] > 0) & np.isin(past["kind"], (VISIT, HOSPITAL))
    child = past["child"][stayed]
    day = crises.day[child] - past["days_before"][stayed]
    hospital = _hospital_lines(child, day, day + past["nights"][stayed], crises, linked)
    return stack([hospital, _residential_lines(residential_before(past), crises, linked)])


def _mobile_lines(crises: Crises, mobile: np.ndarray, paths: Paths, linked: Linked) -> Lines:
    sent = np.flatnonzero(mobile)
    first = np.array([family.diagnosis_1 for family in FAMILIES.values()], dtype=object)[crises.family]
    second = np.array([family.diagnosis_2 for family in FAMILIES.values()], dtype=object)[crises.family]
    response = _lines(
        "mobile", sent, np.arange(len(sent)), 1, diagnosis_1=first[sent], diagnosis_2=second[sent],
        **{"from": crises.day[sent], "to": crises.day[sent]}, cents=np.rint(paths.response_usd[sent] * 100).astype(np.int64),
    )  # fmt: skip
    child = paths.stabilization["child"]
    day = crises.day[child] + paths.stabilization["day"]
    cents = np.full(len(child), round(linked.prices.stabilization_day * 100))
    served = _lines(
        "stabilization", child, np.arange(len(child)), 1, diagnosis_1=first[child], **{"from": day, "to": day}, cents=cents
    )  # fmt: skip
    return stack([response, served])


def _care_lines(crises: Crises, paths: Paths, past_care: Lines, linked: Linked) -> Lines:
    child = np.concatenate([paths.care["child"], past_care["child"]])
    ago = np.concatenate([paths.care["day"], -past_care["days_before"]])
    day = crises.day[child] + ago
    return _lines(
        "therapy", child, np.arange(len(child)), 1, diagnosis_1=FAMILIES["anxiety_trauma"].diagnosis_1,
        **{"from": day, "to": day}, cents=np.full(len(child), round(linked.prices.outpatient_visit * 100)),
    )  # fmt: skip


def plain_lines(from_day: np.ndarray, plain: Lines) -> Lines:
    """Lines of ED visits for other conditions, and of office visits; `from_day` is added to each day."""
    day, child = from_day + plain["day"], plain["child"]
    cents = np.rint(plain["usd"] * 100).astype(np.int64)
    ed = plain["condition"] >= 0
    said = CODES[plain["condition"][ed]]
    nothing = np.full(ed.sum(), "", dtype=object)
    home = np.full(ed.sum(), HOME, dtype=object)
    office = _lines(
        "office", child[~ed], np.arange((~ed).sum()), 1, diagnosis_1=OFFICE_DIAGNOSIS, **{"from": day[~ed], "to": day[~ed]},
        cents=cents[~ed],
    )  # fmt: skip
    visits = _ed_claims(child[ed], day[ed], day[ed], said, nothing, home, cents[ed], np.zeros(ed.sum(), dtype=np.int64))
    return stack([visits, office])


def coded(lines: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """File type, revenue code, procedure, place of service and type of bill of each line."""
    table = np.array(list(KINDS.values()), dtype=object)[lines["kind"]]
    names = ("file_type", "revenue_code", "procedure_code", "place_of_service", "bill_type")
    return {name: table[:, number] for number, name in enumerate(names)}
