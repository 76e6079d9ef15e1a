"""params/<study>/rebases.yml: dated decisions on limits, read strictly."""

import re
from datetime import date

import pytest

from analysis import params
from analysis.params import ParamsError
from analysis.quality.rebases import Rebase, read_rebases

STUDY = params.study("demo")
ONE = {
    "measure": "in_person_share", "site": "north", "from_month": '"2026-03"', "reason": "A second team began.",
    "decided_by": "the collaborative", "decided_on": "2026-06-11",
}  # fmt: skip


def written(root, *rows: dict):
    """What is read of a file with these rows."""
    text = "rebases:\n" + "".join(
        "  - " + "\n    ".join(f"{key}: {value}" for key, value in row.items()) + "\n" for row in rows
    )
    folder = root / "params" / STUDY.name
    folder.mkdir(parents=True)
    (folder / "rebases.yml").write_text(text, encoding="utf-8")
    return read_rebases(STUDY, measures=["in_person_share", "episodes"], sites=["north", "south"], root=root)


def test_a_decision_is_read_as_it_is_written(tmp_path):
    (found,) = written(tmp_path, ONE).rebases
    assert found == Rebase(
        measure="in_person_share", site="north", from_month="2026-03", reason="A second team began.",
        decided_by="the collaborative", decided_on=date(2026, 6, 11),
    )  # fmt: skip


def test_without_a_file_nothing_was_decided(tmp_path):
    assert read_rebases(STUDY, measures=[], sites=[], root=tmp_path).rebases == ()


def test_of_a_chart_stand_its_own_decisions_the_earliest_first(tmp_path):
    later = {**ONE, "from_month": '"2026-05"'}
    other_site, other_measure = {**ONE, "site": "south"}, {**ONE, "measure": "episodes", "site": "statewide"}
    found = written(tmp_path, later, other_site, ONE, other_measure)
    assert [each.from_month for each in found.of("in_person_share", "north")] == ["2026-03", "2026-05"]
    assert [each.from_month for each in found.of("episodes", "statewide")] == ["2026-03"]
    assert found.of("episodes", "north") == ()


@pytest.mark.parametrize(
    ("slip", "sentence"),
    [
        ({"measure": "in_person_shar"}, '"in_person_shar" is not a measure (did you mean "in_person_share"?)'),
        ({"measure": "costs"}, '"costs" is not a measure'),
        ({"site": "nort"}, '"nort" is not a site (did you mean "north"?), nor statewide'),
        ({"from_month": '"2026-13"'}, 'from_month is "2026-13"; write a month like "2026-03", in quotes'),
        ({"from_month": '"March 2026"'}, 'from_month is "March 2026"; write a month like "2026-03", in quotes'),
        ({"from_month": "2026-03-01"}, 'from_month is "2026-03-01"; write a month like "2026-03", in quotes'),
        ({"decided_on": "2026-02-28"}, "was decided on 2026-02-28, before 2026-03 began: a change is seen before limits follow it"),
        ({"decided_on": "soon"}, "decided_on"),
        ({"reason": "''"}, "reason: string should have at least 1 character"),
        ({"because": "A second team."}, '"rebases.0.because" is not a key used here'),
    ],
)  # fmt: skip
def test_a_slip_is_one_sentence_that_names_the_file(tmp_path, slip, sentence):
    with pytest.raises(ParamsError, match=re.escape(sentence)) as caught:
        written(tmp_path, {**ONE, **slip})
    assert "rebases.yml" in str(caught.value)
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize("lacking", list(ONE))
def test_each_part_of_a_decision_is_needed(tmp_path, lacking):
    with pytest.raises(ParamsError, match=lacking):
        written(tmp_path, {key: value for key, value in ONE.items() if key != lacking})


def test_limits_set_anew_twice_from_one_month_are_refused(tmp_path):
    with pytest.raises(ParamsError, match=r"in_person_share at north is set anew twice from 2026-03\. Keep one\."):
        written(tmp_path, ONE, {**ONE, "reason": "Another form."})


def test_the_day_the_month_begins_is_early_enough(tmp_path):
    (found,) = written(tmp_path, {**ONE, "decided_on": "2026-03-01"}).rebases
    assert found.decided_on == date(2026, 3, 1)
