"""Measures by groups of children: the rule of what is shown, the comparisons, and the one test of a whole cut."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from people import CARDS, SITES, STUDY, episodes
from scipy import stats

from analysis import periods
from analysis.intervals import share_difference
from analysis.params import Clock
from analysis.quality.equity import by_measure_group
from analysis.quality.interaction import interaction_p
from analysis.tables import AGE_BANDS

YEAR = periods.period("2026-01_2026-12")
TWO_YEARS = (pd.Timestamp("2025-01-01"), pd.Timestamp("2026-12-31"))


def many(number: int, yes: int, *, group: str | None, on="2026-03-02", cut="sex", **given) -> list[dict]:
    return [
        {"counted_on": on, cut: group, "attempt_result": "contact" if k < yes else "not_found", **given}
        for k in range(number)
    ]


def groups(
    people: list[dict], measure="contact_share", *, cut="sex", study=STUDY, covers=TWO_YEARS, **given
) -> pd.DataFrame:
    table = by_measure_group(
        episodes(*({"child_id": k, **each} for k, each in enumerate(people))), SITES, YEAR,
        study=study, cards=CARDS, covers=covers, smallest_shown=11, **given,
    )  # fmt: skip
    rows = table[table["measure"].eq(measure) & table["stratum"].str.startswith(f"{cut}:")]
    return rows.assign(group=rows["stratum"].str.split(":").str[1]).set_index("group")


def test_two_groups_and_their_difference():
    found = groups(many(200, 150, group="female") + many(100, 60, group="male"))
    assert found.index.tolist() == ["female", "male"]
    girls = found.loc["female"]
    assert (girls["numerator"], girls["denominator"], girls["value"]) == (150, 200, 0.75)
    assert girls["difference"] == pytest.approx(0.15)
    interval = share_difference(150, 200, 60, 100, confidence=0.95)
    assert (girls["difference_low"], girls["difference_high"]) == (interval.low, interval.high)
    assert found["difference"].sum() == pytest.approx(0)
    assert set(found["period"]) == {"2026-01_2026-12"}


def test_a_group_of_ten_is_looked_at_over_two_years_and_one_of_eleven_in_the_year():
    ten = groups(
        many(200, 150, group="female") + many(10, 0, group="male") + many(30, 20, group="male", on="2025-03-02")
    )
    assert set(ten["period"]) == {"2025-01_2026-12"}
    assert ten.loc["male", "denominator"] == 40
    eleven = groups(many(200, 150, group="female") + many(11, 11, group="male"))
    assert set(eleven["period"]) == {"2026-01_2026-12"}


def test_two_years_are_taken_only_where_the_extract_holds_them():
    people = many(200, 150, group="female") + many(10, 9, group="male") + many(30, 20, group="male", on="2025-03-02")
    found = groups(people, covers=(pd.Timestamp("2025-02-01"), TWO_YEARS[1]))
    assert found.index.tolist() == ["others_together"]
    assert (found["why_missing"].tolist(), found["hidden"].tolist(), found["value"].isna().all()) == (
        ["too few to show"],
        [True],
        True,
    )


def test_few_expected_is_as_few_as_few_cases():
    # 30 girls are enough, but 4 of them would be expected to have been met, were they like all: 40 of 330 in all
    found = groups(many(30, 0, group="female") + many(300, 40, group="male"))
    assert found["why_missing"].tolist() == ["too few to show"]
    enough = groups(many(45, 0, group="female") + many(300, 40, group="male"))
    assert enough.index.tolist() == ["female", "male"]  # 45 x 40 / 345 = 5.2


def test_groups_that_are_too_small_are_put_together_with_the_smallest_that_is_not():
    people = [*many(300, 200, group="white", cut="race_ethnicity"), *many(200, 150, group="hispanic", cut="race_ethnicity"),
              *many(60, 40, group="black", cut="race_ethnicity"), *many(3, 2, group="asian", cut="race_ethnicity")]  # fmt: skip
    found = groups(people, cut="race_ethnicity")
    assert found.index.tolist() == ["hispanic", "white", "others_together"]
    others = found.loc["others_together"]
    assert (others["holds"], others["denominator"]) == ("asian|black", 63)
    # nothing is left over from which the small group could be worked out
    assert found["denominator"].sum() == 563


def test_where_nothing_was_recorded_is_a_group_and_cannot_be_worked_out_either():
    found = groups(many(200, 150, group="female") + many(100, 60, group="male") + many(4, 4, group=None))
    assert found.loc["others_together", "holds"] == "male|not_recorded"
    assert found["denominator"].sum() == 304


def test_of_an_outcome_the_few_with_a_yes_and_the_few_without_one_hide_too():
    def ended(number, community, group):
        return [{"sex": group, "disposition": "community" if k < community else "inpatient"} for k in range(number)]

    shown = groups(ended(200, 150, "female") + ended(100, 80, "male"), "stayed_in_community_share")
    assert shown.index.tolist() == ["female", "male"]
    few = groups(ended(200, 150, "female") + ended(100, 95, "male"), "stayed_in_community_share")
    assert few["why_missing"].tolist() == ["can’t be shown without giving a small count away"]


def test_few_who_could_not_be_measured_are_said_to_be_why_large_groups_are_not_shown():
    def waited(number, blank, group):
        return [
            {"sex": group, "disposition": None if k < blank else "community" if k % 3 else "inpatient"}
            for k in range(number)
        ]

    found = groups(waited(400, 9, "female") + waited(300, 7, "male"), "stayed_in_community_share")
    assert found.index.tolist() == ["others_together"]
    assert found["why_missing"].tolist() == ["can’t be shown without giving a small count away"]
    assert found[["numerator", "denominator", "value", "not_measurable"]].isna().all(axis=None)


def test_a_cut_that_must_be_asked_about_is_left_out():
    people = many(200, 150, group="white", cut="race_ethnicity") + many(
        200, 150, group="american_indian", cut="race_ethnicity"
    )
    assert len(groups(people, cut="race_ethnicity")) == 2
    asked = STUDY.model_copy(update={"ask_before": ("race_ethnicity",)})
    assert groups(people, cut="race_ethnicity", study=asked).empty


def test_a_cut_of_which_nothing_was_recorded_is_not_there():
    assert groups(many(200, 150, group=None), cut="insurance").empty


COUNTY = pd.DataFrame(
    {
        "site_id": ["north", "south"],
        "county_fips": "35001",
        "from_on": pd.Timestamp("2020-01-01"),
        "to_on": pd.NaT,
        "share": 0.5,
    }
)
POPULATION = pd.DataFrame(
    {"county_fips": "35001", "year": 2024, "age_band": list(AGE_BANDS), "children": [4000, 5000, 6000, 3000]}
)


def test_age_bands_have_a_rate_and_other_cuts_their_part_of_the_episodes():
    people = [*many(40, 20, group="female", age_years=8), *many(120, 60, group="male", age_years=14),
              *many(20, 10, group="female", age_years=3), *many(15, 9, group="male", age_years=19)]  # fmt: skip
    bands = groups(people, "episodes_per_1000", cut="age_band", site_counties=COUNTY, population=POPULATION)
    teens, years = bands.loc["12-17"], 365 / 365.25
    assert (teens["unit"], teens["value"]) == ("rate", pytest.approx(120 / (6 * years)))
    assert teens["ratio"] == pytest.approx((120 / 6) / (75 / 12))
    assert teens["ratio_low"] < teens["ratio"] < teens["ratio_high"]
    sexes = groups(people, "episodes_per_1000", site_counties=COUNTY, population=POPULATION)
    assert (sexes.loc["female", "unit"], sexes.loc["female", "value"]) == ("part", 60 / 195)
    assert sexes["ratio"].isna().all()


@pytest.mark.parametrize(("blank", "units"), [
    (12, ["rate", "rate", "part"]),  # enough not to be worked out, few enough not to matter
    (10, ["part", "part"]),  # their number is what the bands leave of the whole: so no rate, and they join the smaller band
    (60, ["part", "part", "part"]),  # more than a fifth
])  # fmt: skip
def test_a_rate_by_age_needs_the_ages(blank, units):
    people = (
        many(40, 20, group="female", age_years=8)
        + many(120, 60, group="male", age_years=14)
        + many(blank, 5, group="male", age_years=None)
    )
    found = groups(people, "episodes_per_1000", cut="age_band", site_counties=COUNTY, population=POPULATION)
    assert found["unit"].tolist() == units


def test_the_interaction_is_tested_once_for_the_cut_where_it_is_asked_for():
    before = many(200, 150, group="female", on="2025-03-02") + many(200, 150, group="male", on="2025-03-02")
    now = many(200, 150, group="female") + many(200, 100, group="male")
    assert groups(before + now)["interaction_p"].isna().all()
    tested = groups(before + now, test_interaction=("contact_share",))["interaction_p"]
    assert set(tested) == {tested.iloc[0]}
    assert tested.iloc[0] < 0.001


def test_the_interaction_is_that_of_a_logistic_model():
    cells = np.array([[[50, 30], [70, 20]], [[41, 39], [33, 60]], [[22, 18], [25, 30]]], dtype=float)
    group, period = np.repeat(np.arange(3), 2), np.tile([0, 1], 3)
    design = np.column_stack([np.ones(6), group == 1, group == 2, period == 1]).astype(float)
    fitted = sm.GLM(cells.reshape(6, 2), design, family=sm.families.Binomial()).fit()
    assert interaction_p(cells) == pytest.approx(stats.chi2.sf(fitted.deviance, 2), abs=1e-6)


def test_an_interaction_of_few_is_not_tested():
    assert interaction_p(np.array([[[50, 50], [50, 50]], [[3, 4], [5, 3]]], dtype=float)) is None


def test_the_same_groups_whatever_the_order_of_rows():
    people = many(200, 150, group="female") + many(100, 60, group="male") + many(4, 4, group=None)
    pd.testing.assert_frame_equal(groups(people), groups(people[::-1]))


def test_every_share_of_an_equity_card_is_there():
    clocks = (
        Clock(
            from_on=date(2020, 1, 1), start="requested_at", stop="arrived_at", threshold_minutes=60, source="made up"
        ),
    )
    table = by_measure_group(
        episodes(*(many(200, 150, group="female") + many(200, 150, group="male"))), SITES, YEAR,
        study=STUDY.model_copy(update={"clocks": clocks}), cards=CARDS, covers=TWO_YEARS, smallest_shown=11,
    )  # fmt: skip
    expected = {name for name, card in CARDS.cards.items() if card.equity} - {
        "episodes_per_1000", "response_in_time_share", "follow_up_72_hours_share", "no_more_restrictive_share",
    }  # fmt: skip
    assert set(table["measure"]) == expected
