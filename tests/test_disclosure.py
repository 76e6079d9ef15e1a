"""Small counts: one rule a case. Every table here is invented; `smallest_shown` is 11."""

import numpy as np
import pandas as pd
import pytest
from attack import audit
from many import many

from analysis.brief.small_counts.disclosure import hide_small
from analysis.brief.small_counts.shareable import shown_count, write_table
from analysis.params import Disclosure
from analysis.tables import EPISODES, MEASURES_TABLE

RULE = Disclosure(smallest_shown=11, hidden_words="1 to 10 (hidden to protect privacy)")
SEED = 20261122


def row(site, numerator, denominator=np.nan, *, stratum="all", period="2026-10", measure="m", lacking=0):
    value = numerator / denominator if denominator == denominator and denominator else np.nan
    return dict(zip(MEASURES_TABLE.names, [measure, stratum, site, period, numerator, denominator, value, 0.1, 0.9, lacking, False], strict=True))  # fmt: skip


def state(*rows):
    """The rows with their statewide totals added: one a stratum and period."""
    frame = pd.DataFrame(rows)
    whole = frame.groupby(["measure", "stratum", "period"], as_index=False)[
        ["numerator", "denominator", "not_measurable"]
    ].sum()
    whole = whole.assign(site_id="statewide", value=0.5, low=0.1, high=0.9, hidden=False)
    return pd.concat([frame, whole], ignore_index=True)[MEASURES_TABLE.names]


def hidden(frame, *, hide="people", unit="share"):
    """Keys of the hidden rows: the site, or site/stratum/period where there are several."""
    shown = hide_small(frame, hide={"m": hide}, units={"m": unit}, rule=RULE)
    several = len(frame[["stratum", "period"]].drop_duplicates()) > 1
    names = frame["site_id"] + ("/" + frame["stratum"] + "/" + frame["period"] if several else "")
    return sorted(names[shown["hidden"]])


# --- primary ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hide", "unit", "numerator", "denominator", "expected"),
    [
        ("people", "share", 11, 12, False),  # 92 %: only the 12 families count people
        ("all", "share", 11, 12, True),  # the one who was not seen would show
        ("people", "share", 3, 10, True),  # ten is still small
        ("people", "share", 3, 11, False),  # eleven is shown
        ("people", "share", 0, 0, False),  # nothing happened, and zero is shown
        ("all", "share", 0, 30, False),  # a zero numerator
        ("all", "share", 30, 30, False),  # a zero complement
        ("all", "share", 0, 5, True),  # five children
        ("people", "minutes", 40, 9, True),  # nine measured responses
        ("people", "count", 10, np.nan, True),
        ("people", "count", 0, np.nan, False),
        ("people", "count", 11, 11, False),
        ("people", "count", 0, 4, True),  # the four episodes behind it
        ("people", "rate", 4, 2500.0, True),  # four episodes in 2,500 child-years
        ("people", "rate", 14, 6.5, False),  # child-years are no count of children
        ("all", "mix", 4, 40, True),
    ],
)
def test_a_small_count_is_hidden(hide, unit, numerator, denominator, expected):
    shown = hide_small(pd.DataFrame([row("a", numerator, denominator)]), hide={"m": hide}, units={"m": unit}, rule=RULE)
    assert shown["hidden"].tolist() == [expected]


def test_a_hidden_row_keeps_none_of_its_numbers():
    shown = hide_small(pd.DataFrame([row("a", 3, 4, lacking=2)]), hide={"m": "people"}, units={"m": "share"}, rule=RULE)
    assert shown.loc[0, ["numerator", "denominator", "value", "low", "high", "not_measurable"]].isna().all()


def test_a_process_measure_shows_how_many_could_not_be_measured():
    shown = hide_small(
        pd.DataFrame([row("a", 9, 40, lacking=3)]), hide={"m": "people"}, units={"m": "share"}, rule=RULE
    )
    assert shown["not_measurable"].tolist() == [3]


def test_a_small_not_measurable_is_hidden_alone_where_everything_counts_children():
    # 43 episodes less the 40 of the denominator would be 3 children.
    shown = hide_small(pd.DataFrame([row("a", 20, 40, lacking=3)]), hide={"m": "all"}, units={"m": "share"}, rule=RULE)
    assert shown["not_measurable"].isna().all()
    assert shown["denominator"].tolist() == [40]


def test_a_hidden_not_measurable_is_covered_by_a_second_one():
    # 3 + 12 + 30 = 45: with 12 and 30 shown the 3 would follow, so 12 goes too.
    frame = state(*(row(site, 20, 40, lacking=lacking) for site, lacking in [("a", 3), ("b", 12), ("c", 30)]))
    shown = hide_small(frame, hide={"m": "all"}, units={"m": "share"}, rule=RULE)
    assert shown["not_measurable"].isna().tolist() == [True, True, False, False]
    assert not shown["hidden"].any()


# --- complementary: sites --------------------------------------------------------------------------------------------


def test_a_single_hidden_site_takes_the_cheapest_second_with_it():
    assert hidden(state(row("a", 2, 4), row("b", 9, 30), row("c", 9, 14))) == ["a", "c"]


def test_hidden_sites_that_sum_to_a_small_count_are_covered():
    # a and b are 3 + 4 = 7 together, which the total gives away.
    assert hidden(state(row("a", 1, 3), row("b", 1, 4), row("c", 9, 14), row("d", 9, 40))) == ["a", "b", "c"]


def test_two_hidden_sites_that_sum_to_enough_need_no_cover():
    assert hidden(state(row("a", 1, 5), row("b", 1, 6), row("c", 9, 14))) == ["a", "b"]  # 5 + 6 = 11


def test_a_zero_covers_nothing():
    assert hidden(state(row("a", 2, 4), row("b", 0, 0), row("c", 9, 14))) == ["a", "c"]


def test_equal_covers_are_taken_in_the_order_of_sites():
    assert hidden(state(row("a", 2, 4), row("c", 9, 14), row("b", 9, 14))) == ["a", "b"]


def test_the_total_is_hidden_where_no_site_can_cover():
    assert hidden(state(row("a", 2, 4), row("b", 0, 0))) == ["a", "statewide"]


def test_a_small_remainder_of_other_places_is_covered():
    # 50 statewide less 16 and 30 leaves 4 in places without a row.
    assert hidden(pd.DataFrame([row("a", 9, 16), row("b", 9, 30), row("statewide", 20, 50)])) == ["a"]


def test_a_large_remainder_of_other_places_is_itself_a_cover():
    assert hidden(pd.DataFrame([row("a", 2, 4), row("b", 9, 30), row("statewide", 20, 60)])) == ["a"]  # 26 elsewhere


def test_without_a_total_one_hidden_site_is_enough():
    assert hidden(pd.DataFrame([row("a", 2, 4), row("b", 9, 30)])) == ["a"]


def test_a_complement_is_covered_too():
    # 3 of 40 were not seen at a; b's zero complement does not hide it, c's 12 does.
    assert hidden(state(row("a", 37, 40), row("b", 30, 30), row("c", 20, 32)), hide="all") == ["a", "c"]


# --- complementary: strata and months --------------------------------------------------------------------------------


def test_a_single_hidden_part_of_a_mix_takes_another():
    # 4 + 15 + 20 = 39, which the denominator of the parts that are shown says.
    frame = pd.DataFrame([row("a", count, 39, stratum=name) for name, count in [("x", 4), ("y", 15), ("z", 20)]])
    assert hidden(frame, hide="all", unit="mix") == ["a/x/2026-10", "a/y/2026-10"]


def test_a_mix_of_few_children_is_hidden_with_its_zeros():
    # A zero's row would show the denominator of 6.
    frame = pd.DataFrame([row("a", count, 6, stratum=name) for name, count in [("x", 6), ("y", 0)]])
    assert hidden(frame, hide="all", unit="mix") == ["a/x/2026-10", "a/y/2026-10"]


def test_a_hidden_month_is_not_the_only_one_of_a_quarter_that_is_shown():
    months = {"2026-07": 4, "2026-08": 13, "2026-09": 20, "2026Q3": 37}
    frame = pd.DataFrame([row("a", count, period=name) for name, count in months.items()])
    assert hidden(frame, unit="count") == ["a/all/2026-07", "a/all/2026-08"]


def test_a_fiscal_year_knows_its_months():
    months = [str(month) for month in pd.period_range("2025-10", "2026-09", freq="M")]
    frame = pd.DataFrame([row("a", 5 if name == "2026-09" else 20, period=name) for name in months])
    frame = pd.concat([frame, pd.DataFrame([row("a", 225, period="SFY2026")])], ignore_index=True)
    october = hide_small(frame, hide={"m": "people"}, units={"m": "count"}, rule=RULE, fiscal_year_starts=10)
    assert int(october["hidden"].sum()) == 2
    july = hide_small(frame, hide={"m": "people"}, units={"m": "count"}, rule=RULE, fiscal_year_starts=7)
    assert int(july["hidden"].sum()) == 1  # September 2026 is no month of a year that ends in June


# --- what never changes ----------------------------------------------------------------------------------------------


def random_table(rng, *, unit, sites, strata, months, mean):
    """A seeded table: sites of very different size, and every total that the contract has."""
    counts = rng.poisson(mean * rng.gamma(1, 1, (sites, 1, 1)), (sites, strata, months))
    others = rng.poisson(2 * mean, (sites, strata, months))
    spans = {str(month): [i] for i, month in enumerate(pd.period_range("2026-07", periods=months, freq="M"))}
    if months == 3:
        spans["2026Q3"] = [0, 1, 2]
    rows = []
    for name, inside in spans.items():
        x, y = counts[:, :, inside].sum(2), (counts + others)[:, :, inside].sum(2)
        for i in range(sites):
            for j in range(strata):
                base = x[i].sum() if unit == "mix" else y[i, j]
                rows.append(row(f"site-{i:02d}", int(x[i, j]), int(base), stratum=f"s{j}", period=name))
    return state(*rows)


@pytest.mark.parametrize("tables", [20, pytest.param(many(70), marks=pytest.mark.slow)])
def test_no_hidden_cell_of_random_tables_is_given_away(tables):
    """Every hidden count keeps a range of at least three whole numbers, whatever an attacker adds up."""
    rng = np.random.default_rng(SEED)
    kinds = [
        ("mix", "all"),
        ("share", "people"),
        ("mix", "all"),
        ("share", "all"),
        ("count", "people"),
        ("minutes", "people"),
    ]
    sizes = [(4, 3, 1), (15, 5, 1), (3, 2, 3), (6, 4, 1), (15, 3, 1), (4, 2, 3), (8, 5, 1)]
    finds, hid = [], 0
    for number in range(tables):
        (unit, hide), (sites, strata, months) = kinds[number % 6], sizes[number % 7]
        mean = (0.5, 1, 3, 8, 20)[number % 5]
        frame = random_table(rng, unit=unit, sites=sites, strata=strata, months=months, mean=mean)
        shown = hide_small(frame, hide={"m": hide}, units={"m": unit}, rule=RULE)
        hid += int(shown["hidden"].sum())
        finds += audit(shown, RULE, hide={"m": hide}, units={"m": unit})
    assert hid > 10 * tables  # there was something to find
    assert finds == []


def test_a_cell_that_only_several_lines_together_give_away_is_covered():
    """Every line has two or three hidden cells, and still site a's z follows: rows a and b less columns x and y."""
    counts = {"a": [6, 6, 8, 50, 90], "b": [6, 6, 40, 50, 90], "c": [40, 50, 6, 6, 90], "d": [40, 50, 6, 6, 90]}
    frame = state(
        *(
            row(site, count, sum(of_site), stratum=stratum)
            for site, of_site in counts.items()
            for stratum, count in zip("xyzwv", of_site, strict=True)
        )
    )
    primary = frame.assign(hidden=frame["numerator"] < RULE.smallest_shown)
    primary["numerator"] = primary["numerator"].mask(primary["hidden"])
    # rows: (6 + 6 + 8) + (6 + 6) = 32; columns: (6 + 6) + (6 + 6) = 24; 32 - 24 = 8
    kinds = {"hide": {"m": "all"}, "units": {"m": "mix"}}
    assert audit(primary, RULE, **kinds)[0] == "m / z / a / 2026-10: the hidden numerator must be 8."
    shown = hide_small(frame, rule=RULE, **kinds)
    assert shown["hidden"].sum() > primary["hidden"].sum()
    assert audit(shown, RULE, **kinds) == []


def test_a_hidden_site_beside_other_places_keeps_its_range():
    # 60 statewide less 30 leaves 30 for the site and the places without a row together.
    frame = pd.DataFrame([row("a", 4), row("b", 30), row("statewide", 60)])
    kinds = {"hide": {"m": "people"}, "units": {"m": "count"}}
    shown = hide_small(frame, rule=RULE, **kinds)
    assert shown["hidden"].tolist() == [True, False, False]
    assert audit(shown, RULE, **kinds, elsewhere=True) == []
    # An attacker who wrongly takes the two sites for all there is gets 30, not 4.
    assert audit(shown, RULE, **kinds) == ["m / all / a / 2026-10: the hidden numerator must be 30."]


def test_the_attack_finds_what_primary_hiding_alone_leaves():
    frame = state(*(row("a", count, 39, stratum=name) for name, count in [("x", 4), ("y", 15), ("z", 20)]))
    frame.loc[(frame["stratum"] == "x") & (frame["site_id"] == "a"), ["numerator", "hidden"]] = [np.nan, True]
    assert (
        audit(frame, RULE, hide={"m": "all"}, units={"m": "mix"})[0]
        == "m / x / a / 2026-10: the hidden numerator must be 4."
    )


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(SEED)
    frame = random_table(rng, unit="mix", sites=6, strata=4, months=3, mean=6)
    mixed = frame.sample(frac=1, random_state=3)
    one, other = (hide_small(each, hide={"m": "all"}, units={"m": "mix"}, rule=RULE) for each in (frame, mixed))
    pd.testing.assert_frame_equal(one, other.sort_index())


def test_hiding_twice_hides_no_more():
    frame = random_table(np.random.default_rng(SEED), unit="count", sites=6, strata=2, months=1, mean=12)
    once = hide_small(frame, hide={"m": "people"}, units={"m": "count"}, rule=RULE)
    again = hide_small(once, hide={"m": "people"}, units={"m": "count"}, rule=RULE)
    assert again["hidden"].sum() >= once["hidden"].sum()
    assert audit(again, RULE, hide={"m": "people"}, units={"m": "count"}) == []


def test_a_table_without_rows_stays_one():
    empty = state(row("a", 1, 2)).iloc[:0]
    assert len(hide_small(empty, hide={}, units={}, rule=RULE)) == 0


def test_the_table_given_is_not_changed():
    frame = state(row("a", 2, 4), row("b", 9, 30))
    before = frame.copy()
    hide_small(frame, hide={"m": "people"}, units={"m": "share"}, rule=RULE)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("hide", "units", "sentence"),
    [
        ({}, {"m": "share"}, '"m" hides None; its card must say one of people, all'),
        ({"m": "all"}, {"m": "percent"}, "\"m\" has the unit 'percent'; its card must say one of count, rate"),
    ],
)
def test_a_measure_without_a_rule_is_refused(hide, units, sentence):
    with pytest.raises(ValueError, match=sentence):
        hide_small(pd.DataFrame([row("a", 2, 4)]), hide=hide, units=units, rule=RULE)


def test_two_rows_with_one_key_are_refused():
    with pytest.raises(ValueError, match=r"1 rows of the measures stand twice, the first is m / all / a / 2026-10"):
        hide_small(pd.DataFrame([row("a", 2, 4)] * 2), hide={"m": "all"}, units={"m": "share"}, rule=RULE)


# --- one number, one file --------------------------------------------------------------------------------------------


def test_one_mark_stands_for_a_small_count_and_for_its_cover():
    shown = hide_small(state(row("a", 4), row("b", 14), row("c", 30)), hide={"m": "people"}, units={"m": "count"}, rule=RULE)  # fmt: skip
    words = [shown_count(count, RULE) for count in shown["numerator"]]
    assert words == [RULE.mark, RULE.mark, "30", "48"]


def test_a_count_that_is_no_whole_number_is_refused():
    with pytest.raises(ValueError, match=r"2\.5 is not a count"):
        shown_count(2.5, RULE)


def written(frame, tmp_path, hide="people", unit="share"):
    path = write_table(
        frame, tmp_path / "measures.csv", table=MEASURES_TABLE, rule=RULE, hide={"m": hide}, units={"m": unit}
    )
    return path.read_bytes().decode()


def test_a_file_has_the_contracts_columns_six_digits_and_empty_cells(tmp_path):
    frame = pd.DataFrame([row("a", 2, 30), row("b", 2, 4)])
    shown = hide_small(frame, hide={"m": "people"}, units={"m": "share"}, rule=RULE).assign(note="x")
    text = written(shown[["note", *MEASURES_TABLE.names[::-1]]], tmp_path)
    assert text.split("\n") == [
        "measure,stratum,site_id,period,numerator,denominator,value,low,high,not_measurable,hidden,note",
        "m,all,a,2026-10,2,30,0.0666667,0.1,0.9,0,False,x",  # 2 of 30
        "m,all,b,2026-10,,,,,,,True,x",
        "",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["measures.csv"]  # nothing temporary is left


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_quoted(tmp_path, text):
    assert f"'{text}" in written(pd.DataFrame([row("a", 2, 30)]).assign(note=text), tmp_path)


@pytest.mark.parametrize(
    ("hide", "unit", "numerator", "denominator", "lacking", "what"),
    [
        ("people", "share", 0, 10, 0, "denominator"),
        ("people", "count", 3, np.nan, 0, "numerator"),
        ("people", "rate", 3, 2500.0, 0, "numerator"),
        ("all", "share", 3, 30, 0, "numerator"),
        ("all", "share", 28, 30, 0, "complement"),
        ("all", "share", 15, 30, 4, "not_measurable"),
    ],
)
def test_a_table_that_was_not_hidden_is_refused(tmp_path, hide, unit, numerator, denominator, lacking, what):
    with pytest.raises(ValueError, match=f"1 of 1 rows show a {what} of 1 to 10"):
        written(pd.DataFrame([row("a", numerator, denominator, lacking=lacking)]), tmp_path, hide, unit)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("hide", "unit", "numerator", "denominator", "lacking"),
    [
        ("people", "share", 3, 30, 2),  # a process measure's numerator and gaps are no count of children
        ("people", "rate", 30, 6.5, 0),  # child-years
        ("all", "share", 0, 30, 0),
    ],
)
def test_what_may_be_shown_is_written(tmp_path, hide, unit, numerator, denominator, lacking):
    assert (
        written(pd.DataFrame([row("a", numerator, denominator, lacking=lacking)]), tmp_path, hide, unit).count("\n")
        == 2
    )


def test_a_table_with_identifying_columns_is_refused(tmp_path):
    with pytest.raises(ValueError, match='holds "episode_id", which identifies children'):
        write_table(pd.DataFrame(columns=EPISODES.names), tmp_path / "episodes.csv", table=EPISODES, rule=RULE)


def test_a_table_that_lacks_a_column_is_refused(tmp_path):
    with pytest.raises(ValueError, match='lacks the column "low"'):
        written(pd.DataFrame([row("a", 2, 30)]).drop(columns="low"), tmp_path)
