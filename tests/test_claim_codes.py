"""params/bh_codes.yml and the windows of the linked study: what is read, and what is refused in one sentence."""

import re
import shutil

import pytest
import yaml

from analysis import params
from analysis.claim_codes import ClaimCodes, read_claim_codes
from analysis.params import ParamsError, as_record

CODES = read_claim_codes()
SAID = yaml.safe_load((params.ROOT / "params" / "bh_codes.yml").read_text(encoding="utf-8"))
WINDOWS = yaml.safe_load((params.ROOT / "params" / "demo" / "study.yml").read_text(encoding="utf-8"))["cohort"]


def refused(**changed) -> str:
    with pytest.raises(ParamsError) as error:
        as_record({**SAID, **changed}, ClaimCodes, where="params/bh_codes.yml")
    return str(error.value)


@pytest.mark.parametrize(("code", "meant"), [
    ("X78XXXA", True), ("X70XXXA", False), ("X84XXXA", False),
    ("T1491XA", True),
    ("T43012A", True), ("T43011A", False),  # on purpose; by accident
    ("T4392XA", True), ("T4391XA", False),  # unspecified drug: the intent is the fifth character
    ("T71162A", True), ("T71161A", False),
    ("T65212A", True), ("T66XXXA", False),
])  # fmt: skip
def test_which_codes_are_self_harm(code, meant):
    assert bool(re.match(CODES.diagnoses.self_harm.pattern, code)) is meant


@pytest.mark.parametrize(("code", "mental", "substance"), [
    ("F09", True, False), ("F10129", False, True), ("F19", False, True), ("F200", True, False), ("F99", True, False), ("G40", False, False),
])  # fmt: skip
def test_mental_health_and_substance_use_do_not_overlap(code, mental, substance):
    assert bool(re.match(CODES.diagnoses.mental.pattern, code)) is mental
    assert bool(re.match(CODES.diagnoses.substance.pattern, code)) is substance


def test_there_are_fifteen_negative_controls_and_none_is_behavioral():
    behavioral = re.compile("|".join([CODES.diagnoses.mental.pattern, CODES.diagnoses.substance.pattern]))
    assert len(CODES.controls) >= 15
    assert [code for codes in CODES.controls.values() for code in codes if behavioral.match(code)] == []


def test_no_code_belongs_to_two_negative_controls():
    patterns = CODES.control_patterns()
    spelled = {code for codes in CODES.controls.values() for each in codes for code in each.replace(".", "").split("-")}
    for code in spelled:
        assert sum(bool(re.match(pattern, code)) for pattern in patterns.values()) == 1, code


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"families": {"mood": ["F30-G39"]}}, "families.mood.0: is no range of categories of one letter, the lower first, such as F20-F99, found 'F30-G39'"),
    ({"families": {"moods": ["F30-F39"]}}, '"moods" is not a family of the contract'),
    ({"outpatient": {"procedure_like": "90(", "source": "x"}}, "is not a pattern"),
    ({"ed_visits": {}}, '"ed_visits" is not a key used here (did you mean "ed_visit"?)'),
    ({"crisis": {"procedure": ["H2011"]}}, "crisis.source is missing"),
])  # fmt: skip
def test_a_mistake_is_one_sentence(changed, sentence):
    assert sentence in refused(**changed)


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"index_from": "2027-01-01"}, "must come in this order"),
    ({"ed_tier": "e"}, "cohort.ed_tier"),
    ({"common_band": ["moods"]}, "cohort.common_band"),
    ({"wash_out_days": 60}, '"cohort.wash_out_days" is not a key used here (did you mean "washout_days"?)'),
])  # fmt: skip
def test_a_window_that_cannot_be_is_one_sentence(tmp_path, changed, sentence):
    shutil.copytree(params.ROOT / "params", tmp_path / "params")
    path = tmp_path / "params" / "demo" / "study.yml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**said, "cohort": {**WINDOWS, **changed}}), encoding="utf-8")
    with pytest.raises(ParamsError) as error:
        params.study("demo", root=tmp_path)
    assert sentence in str(error.value)
