"""The brief on the linked study: standardized differences by hand, a flow that adds up, no small count, plain words, no claims."""

import html
import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reading import reading
from test_words import ABOUT, HIGHEST_GRADE, MOST_WORDS, NEVER, PARAMS_FILES, listed, page_one, spoken, words_in

from analysis import params
from analysis.brief import markup
from analysis.brief.linked import baseline, flow, front, joined, method, sources, table_one, unseen, visits, watched
from analysis.brief.linked.border import read_border_counties
from analysis.brief.linked.sources import Linked, Tables
from analysis.brief.small_counts.groups import add_up_small, join_steps
from analysis.effect.balance import NOTEWORTHY, balance, standardized_difference
from analysis.effect.watching import typical_watch, watched_for, why_ended
from analysis.intake.source import read_source
from analysis.params import ROOT
from analysis.tables import ARMS, ATTRITION, COHORT, DIAGNOSIS_FAMILIES, FOLLOW_UP_ENDS, INSURANCES, RACES

SMALLEST = 11

# --- standardized differences ------------------------------------------------------------------------------------------


def groups(first: list, second: list) -> tuple[pd.Series, list[bool]]:
    return pd.Series([*first, *second]), [True] * len(first) + [False] * len(second)


def test_a_number_by_hand():
    # means 4 and 2, variances 4 and 1: 2 / sqrt(2.5)
    assert standardized_difference(*groups([2, 4, 6], [1, 2, 3])) == pytest.approx(2 / np.sqrt(2.5))


def test_a_flag_by_hand():
    # 2 of 4 and 1 of 4: 0.25 / sqrt((0.25 + 0.1875) / 2)
    assert standardized_difference(*groups([True, True, False, False], [True, False, False, False])) == pytest.approx(
        0.25 / np.sqrt((0.25 + 0.1875) / 2)
    )


def test_several_categories_by_hand():
    # shares (1/2, 1/4, 1/4) and (1/4, 1/4, 1/2); without the first: d = (0, -1/4),
    # S = [[0.1875, -0.09375], [-0.09375, 0.21875]], determinant 0.0322265625, so d' S^-1 d = 0.0625 x 0.1875 / 0.0322265625
    found = standardized_difference(*groups(["a", "a", "b", "c"], ["a", "b", "c", "c"]))
    assert found == pytest.approx(np.sqrt(0.0625 * 0.1875 / 0.0322265625))


def test_two_categories_are_a_flag_and_which_is_left_out_makes_no_difference():
    first, second = [True] * 7 + [False] * 3, [True] * 2 + [False] * 8
    flag = standardized_difference(*groups(first, second))
    named = {True: "x", False: "y"}
    assert standardized_difference(*groups([named[v] for v in first], [named[v] for v in second])) == pytest.approx(
        flag
    )
    letters = groups(list("aabbcd"), list("abbccd"))
    turned = (letters[0].map(dict(zip("abcd", "dcba", strict=True))), letters[1])
    assert standardized_difference(*letters) == pytest.approx(standardized_difference(*turned))


def test_weights_count_a_child_as_often_as_they_say():
    values, first = groups([1.0, 5.0], [2.0, 2.0, 8.0])
    # weights 3 and 1: mean 2; sum w / ((sum w)^2 - sum w^2) = 4 / 6, sum w (x - m)^2 = 12, so a variance of 8. The other: mean 4, variance 12
    weights = [3, 1, 1, 1, 1]
    assert standardized_difference(values, first, weights=weights) == pytest.approx((2 - 4) / np.sqrt((8 + 12) / 2))
    flags = values > 4  # weighted share 1/4 against 1/3
    assert standardized_difference(flags, first, weights=weights) == pytest.approx(
        (1 / 4 - 1 / 3) / np.sqrt((3 / 16 + 2 / 9) / 2)
    )
    words = values.map({1.0: "a", 5.0: "b", 2.0: "a", 8.0: "b"})
    assert standardized_difference(words, first, weights=weights) == pytest.approx(
        abs(1 / 4 - 1 / 3) / np.sqrt((3 / 16 + 2 / 9) / 2)
    )


def test_weights_all_alike_change_nothing_and_their_sum_does_not_matter():
    draws = np.random.default_rng(20261126)
    values, first = pd.Series(draws.normal(size=60)), draws.random(60) < 0.4
    weights = draws.random(60)
    plain = standardized_difference(values, first)
    assert standardized_difference(values, first, weights=np.full(60, 7.0)) == pytest.approx(plain)
    assert standardized_difference(values, first, weights=weights) == pytest.approx(
        standardized_difference(values, first, weights=weights * 9)
    )
    assert standardized_difference(values, ~first) == pytest.approx(-plain)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([True, True], [False, False], np.inf),  # apart altogether
        (["a", "a"], ["b", "b"], np.inf),
        ([1.0, 1.0], [1.0, 1.0], 0.0),
        (["a"], ["a"], 0.0),
        (["a", None], ["a", "a"], 1 / np.sqrt(0.5)),  # not known is a category: 1/2 against 0
    ],
)
def test_edges(first, second, expected):
    assert standardized_difference(*groups(first, second)) == pytest.approx(expected)


def test_a_group_without_anybody_has_no_difference():
    assert np.isnan(standardized_difference(pd.Series([1.0, 2.0]), [True, True]))
    assert np.isnan(standardized_difference(pd.Series(["a", "b"]), [True, True]))
    assert np.isnan(
        standardized_difference(pd.Series([1.0, 2.0, 3.0]), [True, True, False])
    )  # one value has no variance


def test_a_weight_below_zero_or_too_few_of_them_is_one_sentence():
    with pytest.raises(ValueError, match="weight of 0 or more"):
        standardized_difference(pd.Series([1.0, 2.0]), [True, False], weights=[1, -1])
    with pytest.raises(ValueError, match="one of each a child"):
        standardized_difference(pd.Series([1.0, 2.0]), [True, False], weights=[1])


@pytest.mark.peer
def test_the_differences_are_those_of_tableone():
    """tableone 0.9.6 (Pollard et al. 2018, JAMIA Open 1:26-31) prints the second group less the first, to four digits."""
    tableone = pytest.importorskip("tableone", reason="tableone is not installed: the comparison with it is skipped.")
    draws = np.random.default_rng(20261126)
    n = 400
    children = pd.DataFrame({
        "team": draws.integers(0, 2, n), "age": draws.normal(13, 3, n), "sex": draws.choice(["girl", "boy"], n),
        "race": draws.choice(list("abcde"), n, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
    })  # fmt: skip
    names = ["age", "sex", "race"]
    table = tableone.TableOne(
        children, columns=names, categorical=["sex", "race"], groupby="team", smd=True, missing=False
    )
    theirs = table.smd_table.iloc[:, 0].astype(float).abs().groupby(level=0).first()
    ours = balance(children, names, children["team"].eq(1)).abs()
    assert theirs[names].to_numpy() == pytest.approx(ours[names].to_numpy(), abs=1e-4)


# --- the way from all crises to the children compared -------------------------------------------------------------------


def attrition(rows: list[tuple]) -> pd.DataFrame:
    """ATTRITION from (rule, crises, children, mobile_first, ed_first) in order."""
    table = pd.DataFrame(rows, columns=["rule", "crises", "children", "mobile_first", "ed_first"])
    table["step"], table["why"], table["marked_only"] = range(1, len(table) + 1), table["rule"], False
    table["crises_left_out"] = (-table["crises"].diff()).fillna(0).astype(int)
    return table[ATTRITION.names]


RULES = params.study("demo").cohort


def test_the_steps_add_up_and_one_with_a_small_count_is_joined_with_the_next():
    steps = flow.steps(
        attrition([
            ("all_crises", 1000, 700, 400, 600),
            ("age", 995, 697, 397, 598),  # 5 left out: 3 and 2
            ("enrolled", 900, 640, 350, 550),
            ("washout", 800, 600, 300, 500),
        ]),
        RULES, smallest=SMALLEST,
    )  # fmt: skip
    assert [step.reasons for step in steps] == [
        ("Younger than 3 or older than 20", "Not on Medicaid that day, or county not known"),
        ("Another crisis in the 60 days before",),
    ]
    assert [int(step.lost["crises"]) for step in steps] == [100, 100]
    assert 1000 - sum(int(step.lost["crises"]) for step in steps) == steps[-1].remain["crises"]


def test_a_small_count_of_one_group_alone_joins_the_step_too():
    lost = pd.DataFrame({"crises": [50, 60, 70], "mobile_first": [3, 30, 20], "ed_first": [47, 30, 50]})
    assert join_steps(lost, smallest=SMALLEST) == [[0, 1], [2]]


def test_a_last_step_that_is_small_joins_what_is_before_it():
    assert join_steps(pd.DataFrame({"crises": [50, 60, 4]}), smallest=SMALLEST) == [[0], [1, 2]]
    assert join_steps(pd.DataFrame({"crises": [4, 3]}), smallest=SMALLEST) == []


def drawn_attritions():
    draws = np.random.default_rng(20261126)
    for _ in range(300):
        lost = draws.poisson(draws.gamma(0.6, 25.0, size=(8, 1)) * np.ones((1, 3)))
        mobile, ed, neither = (np.cumsum(column[::-1])[::-1] for column in lost.T)
        mobile, ed, neither = mobile + 40, ed + 60, neither - neither[-1]
        crises = mobile + ed + neither
        rules = [
            "all_crises",
            "in_the_window",
            "first_contact_known",
            "linked",
            "age",
            "enrolled",
            "both_routes",
            "washout",
        ]
        yield attrition([(rule, *values) for rule, *values in zip(rules, crises, crises, mobile, ed, strict=True)])


def test_no_shown_step_and_no_subtraction_of_two_gives_a_small_count():
    shown_at_all = 0
    for table in drawn_attritions():
        steps = flow.steps(table, RULES, smallest=SMALLEST)
        if not steps:
            continue
        shown_at_all += 1
        first = table.iloc[0]
        remaining = [
            pd.Series({**first[["crises", *ARMS, "children"]], "neither": first["crises"] - first[list(ARMS)].sum()})
        ]
        remaining += [step.remain for step in steps]
        for one, other in pairwise(remaining):
            difference = (one - other)[flow.COUNTED].astype(int)
            assert not difference.between(1, SMALLEST - 1).any()
        assert sum(int(step.lost["crises"]) for step in steps) == first["crises"] - steps[-1].remain["crises"]
    assert shown_at_all > 200


def test_groups_that_are_added_up_lose_nobody_and_show_nobody():
    draws = np.random.default_rng(20261126)
    for _ in range(300):
        counts = pd.DataFrame(
            draws.poisson(draws.gamma(0.7, 25.0, size=(6, 1)) * np.ones((1, 4))), index=list("abcdef")
        )
        shown = add_up_small(counts, smallest=SMALLEST)
        assert not any(row.between(1, SMALLEST - 1).any() for _, row in shown)
        assert not shown or sum(row.sum() for _, row in shown) == counts.to_numpy().sum()
        assert not shown or sorted(name for names, _ in shown for name in names) == list("abcdef")


# --- how long watched ---------------------------------------------------------------------------------------------------


def test_watched_to_the_last_day_counts_and_a_crisis_too_late_is_not_held_against_anybody():
    children = pd.DataFrame({
        "arm": ["mobile_first"] * 3, "index_on": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-03"]),
        "followed_days": [30, 29, 28], "ended_by": ["data_cut", "disenrolled", "data_cut"],
    })  # fmt: skip
    found = watched_for(children, [30], data_cut=pd.Timestamp("2026-01-31")).set_index("arm").loc["mobile_first"]
    assert (found["could"], found["were"]) == (2, 1)
    assert why_ended(children)["mobile_first"].to_dict() == {"death": 0, "age": 0, "data_cut": 2, "disenrolled": 1}


def test_a_death_is_no_short_watch():
    children = pd.DataFrame({"followed_days": [5, 100, 200], "ended_by": ["death", "data_cut", "data_cut"]})
    # 3 watched at first; the death on day 5 hides the first child. 1/2 at day 100
    assert typical_watch(children) == 100
    assert children["followed_days"].median() == 100
    assert (
        typical_watch(children.assign(ended_by=["death", "death", "data_cut"])) == 200
    )  # a plain median would still be 100


def test_a_line_between_which_and_the_next_a_few_children_lie_is_left_out():
    counted = pd.DataFrame({
        "days": [30, 30, 180, 180], "arm": ["mobile_first", "ed_first"] * 2, "could": [100, 100, 95, 80], "were": [80, 80, 60, 60],
    })  # fmt: skip
    many = pd.Series({"ed_first": 90, "mobile_first": 90})
    assert watched.shown_horizons(counted, many, SMALLEST).index.tolist() == [
        30
    ]  # 100 less 95 are 5 whose crisis was late
    late = counted.assign(could=[100, 100, 80, 80])
    assert watched.shown_horizons(late, many, SMALLEST).index.tolist() == [30, 180]
    # 22 of the team's group ended before the records did, 20 of them before day 30: 2 later
    assert watched.shown_horizons(late, many.replace({90: 22}), SMALLEST).index.tolist() == []


# --- made-up studies of every size: no small count anywhere --------------------------------------------------------------


def made(n: int, seed: int, *, study: params.Study | None = None, absent: tuple[str, ...] = ()) -> Linked:
    """A study of about n children with every kind of rare thing; columns of `absent` are empty."""
    draws = np.random.default_rng(seed)
    study = study or params.study("demo")
    rules, cut = study.cohort, pd.Timestamp(study.cohort.data_cut)
    arm = np.where(draws.random(n) < 0.4, *ARMS)
    index_on = pd.Timestamp("2023-08-01") + pd.to_timedelta(draws.integers(0, 970, n), unit="D")
    rare = {
        name: draws.poisson(draws.choice([0.002, 0.02, 0.3]), n) for name in COHORT.names if name.startswith("prior_")
    }
    family = draws.choice(list(DIAGNOSIS_FAMILIES), n)
    border = ("35013", "35025", "35045")
    counties = [*border, "35001", "35005"]
    children = pd.DataFrame({
        "child_id": range(n), "index_on": index_on, "arm": arm, "site_id": draws.choice([f"site-{k:02d}" for k in range(1, 8)], n, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.01, 0.01]),
        "county_fips": draws.choice(counties, n, p=[0.01, 0.01, 0.01, 0.9, 0.07]), "age_years": draws.integers(3, 21, n).astype(float),
        "sex": draws.choice(["female", "male", "other"], n, p=[0.5, 0.48, 0.02]), "race_ethnicity": draws.choice([*RACES, None], n),
        "eligibility_group": draws.choice(["07", "08", "61"], n, p=[0.9, 0.08, 0.02]), "months_enrolled_before": draws.integers(10, 25, n),
        "diagnosis_family": family, "in_common_band": np.isin(family, rules.common_band), **rare,
        "prior_cost_365_usd": draws.gamma(0.5, 3000, n), "in_foster_care": draws.random(n) < 0.03,
        "followed_days": np.minimum((cut - index_on).days, draws.integers(0, 1500, n)), "ended_by": draws.choice(list(FOLLOW_UP_ENDS), n, p=[0.01, 0.05, 0.8, 0.14]),
    })  # fmt: skip
    children = children.assign(**dict.fromkeys(absent))
    sizes = [int((arm == each).sum()) for each in ARMS]
    lost = draws.poisson(draws.choice([2, 8, 60], 6))
    crises = n + np.cumsum(lost[::-1])[::-1]
    steps = [(rule, total, total, sizes[0] + (total - n) // 3, sizes[1] + (total - n) - (total - n) // 3)
             for rule, total in zip(["all_crises", "in_the_window", "linked", "age", "enrolled", "washout"], crises, strict=True)]  # fmt: skip
    steps.append(("first_eligible", n, n, *sizes))
    visits_n = 4 * n
    tier = draws.choice(5, visits_n, p=[0.5, 0.02, 0.02, 0.01, 0.45])
    ed_visits = pd.DataFrame({
        "child_id": draws.integers(0, 3 * n, visits_n), "from_on": pd.Timestamp("2022-07-01") + pd.to_timedelta(draws.integers(0, 1580, visits_n), unit="D"),
        **{f"tier_{name}": tier <= place for place, name in enumerate("abcd")}, "becomes_stay": draws.random(visits_n) < 0.05,
        "midnights_boarded": np.where(draws.random(visits_n) < 0.02, 3, 0),
    })  # fmt: skip
    insurance = draws.choice([*INSURANCES, None], n, p=[0.6, 0.2, 0.1, 0.05, 0.03, 0.02])
    episodes = pd.DataFrame({
        "episode_id": range(n), "child_id": range(n), "site_id": children["site_id"], "counted_on": index_on, "dispatched_at": pd.NaT,
        "response_mode": draws.choice(["mobile", "phone"], n, p=[0.97, 0.03]), "insurance": insurance,
        "found": draws.random(n) < np.where(insurance == "medicaid", 0.9, 0.02),
    })  # fmt: skip
    sites = pd.DataFrame(
        {"site_id": [f"site-{k:02d}" for k in range(1, 8)], "name": [f"Site {'ABCDEFG'[k]}" for k in range(7)]}
    )
    days = [pd.Timestamp(day) for day in ("2023-07-01", "2026-10-31", "2026-10-31")]
    covered = pd.DataFrame(
        {
            "site_id": ["site-01", "site-02"],
            "county_fips": "35001",
            "from_on": pd.Timestamp("2022-07-01"),
            "to_on": pd.NaT,
        }
    )
    return Linked(study, Tables(children, attrition(steps), ed_visits, sites, covered, episodes, {}, border, *days))


PARTS = (
    front.title, front.headline, front.how_sure, flow.diagram, front.which_days, table_one.where_they_differ, front.not_looked_at,
    watched.how_long, watched.why_no_longer, joined.in_words, joined.by_site, joined.by_insurance, visits.by_definition,
    unseen.unseen, unseen.late_table, table_one.table_one, flow.by_arm, method.how, method.settings, method.may_not_conclude,
)  # fmt: skip


def said(part, linked: Linked) -> str:
    text = part(linked).text
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', text))
    return html.unescape(re.sub(r"<[^>]+>", " ", f"{text} {labels}"))


# What counts children or crises in what is printed: "7 (0.3%)", "7 of 900", "of 7", and cells or boxes that are a number alone.
COUNT = re.compile(
    r"(?:^|[\s(>])(\d{1,3}(?:,\d{3})*)(?= \(| of | (?:children|crises|visits|responses)|\s*$|\s*<)", re.MULTILINE
)


def counts_printed(part, linked: Linked) -> list[int]:
    """Every whole number of a part that counts something: table cells, boxes, "x of n" and numbers before what they count."""
    text = part(linked).text
    cells = [
        html.unescape(cell)
        for cell in re.findall(r'<td class="n">(.*?)</td>|<text[^>]*font-weight[^>]*>(.*?)</text>', text)
        for cell in cell
        if cell
    ]
    numbers = []
    for cell in cells:
        if re.fullmatch(r"[\d,]+", cell) or re.match(r"[\d,]+ \(\d[\d.]*%", cell) or " of " in cell:
            numbers += [
                int(found.replace(",", ""))
                for found in re.findall(r"(?<![\d.$])\d[\d,]*(?![\d.%])", cell.split(" (")[0])
            ]
    plain = re.sub(r"<table.*?</table>|<svg.*?</svg>", " ", text, flags=re.DOTALL)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", plain))
    for x, n in re.findall(r"([\d,]+) of (?:the (?:service’s )?)?([\d,]+)", plain):
        numbers += [int(x.replace(",", "")), int(n.replace(",", ""))]
    numbers += [int(x.replace(",", "")) for x in re.findall(r"([\d,]+) (?:children|crises|emergency visits)", plain)]
    numbers += [
        int(x.replace(",", ""))
        for x in re.findall(r"The other group has ([\d,]+)|For the other ([\d,]+)", plain)
        for x in x
        if x
    ]
    return numbers


COUNTING = (
    flow.diagram, watched.how_long, watched.why_no_longer, joined.in_words, joined.by_insurance, visits.by_definition, unseen.unseen,
    unseen.late_table, table_one.table_one, flow.by_arm, front.headline, joined.by_site,
)  # fmt: skip


@pytest.mark.parametrize("n", [25, 60, 150, 400, 1500])
@pytest.mark.parametrize("seed", range(6))
def test_no_small_count_stands_anywhere(n, seed):
    linked = made(n, seed)
    assert flow.may_show(linked) or n < 150  # there was something to look at
    for part in COUNTING:
        assert [count for count in counts_printed(part, linked) if 1 <= count < SMALLEST] == [], part.__name__


def test_the_search_for_small_counts_finds_one():
    def part(_):
        return markup.table([("x", "7 (0.3%)")], caption="c", headers=["a", "b"], numeric=["b"])

    assert counts_printed(part, made(60, 1)) == [7]


@pytest.mark.parametrize("seed", range(8))
def test_a_hidden_share_takes_its_difference_along_and_what_lies_between_two_windows_is_not_small(seed):
    linked = made(600, seed)
    shown = {each.what.name: each for each in baseline.shown_before(linked)}
    values = baseline.known_before(linked)
    for name, each in shown.items():
        if each.what.kind != "flag":
            continue
        if each.why_not:
            assert np.isnan(each.difference)
            continue
        wider = each.what.within
        while wider and shown[wider].why_not:
            wider = shown[wider].what.within
        for arm in ARMS:
            own = values.loc[values["arm"].eq(arm), name].eq(True)
            assert not 1 <= own.sum() < SMALLEST
            assert not 1 <= (~own).sum() < SMALLEST
            if wider:
                between = values.loc[values["arm"].eq(arm), wider].eq(True).sum() - own.sum()
                assert not 1 <= between < SMALLEST


def test_two_studies_that_differ_in_a_hidden_count_alone_give_the_same_table():
    linked = made(1500, 3)
    children = linked.tables.children.assign(prior_detention_nights_365=0)
    few, more = (children.copy(), children.copy())
    few.loc[:2, "prior_detention_nights_365"] = 4
    more.loc[:6, "prior_detention_nights_365"] = 4
    pages = [
        table_one.table_one(replace(linked, tables=replace(linked.tables, children=each))).text for each in (few, more)
    ]
    assert pages[0] == pages[1]
    assert pages[0] != table_one.table_one(replace(linked, tables=replace(linked.tables, children=children))).text


@pytest.mark.parametrize("seed", range(10))
def test_no_count_of_one_part_of_the_page_less_lines_of_another_is_small(seed):
    """The kinds of crisis, the insurances and the border counties stand in two parts each."""
    linked = made(700, seed)
    tables, rules = linked.tables, linked.study.cohort
    shown = {each.what.name: each for each in baseline.shown_before(linked)}
    band, lines = flow.in_band(linked), shown["diagnosis_family"].groups
    for place, arm in enumerate(ARMS):
        inside = {words for name, words in DIAGNOSIS_FAMILIES.items() if name in rules.common_band}
        whole = sum(
            level[1 + place]
            for level, names in zip(shown["diagnosis_family"].levels, lines, strict=True)
            if set(names) <= inside
        )
        if band is not None and lines:
            assert not 1 <= band[arm][0] - whole < SMALLEST
    printed = said(unseen.unseen, linked)
    children = joined.served(linked)
    groups = dict(joined.by_insurance_groups(linked))
    told = re.search(r"on record\. ([\d,]+) of the service’s ([\d,]+) children", printed)
    if told:
        shown_apart = sum(
            row.sum() for names, row in groups.items() if not {"medicaid", joined.NOT_RECORDED} & set(names)
        )
        assert int(told[1].replace(",", "")) - shown_apart == 0
        assert not 1 <= children["insurance"].isna().sum() < SMALLEST
    near = re.search(r"([\d,]+) children of the study", printed)
    if near:
        assert (int(near[1].replace(",", ""))) == tables.children["county_fips"].isin(tables.border).sum()
        by_site = pd.crosstab(tables.children["site_id"], tables.children["county_fips"].isin(tables.border))
        names = dict(zip(tables.sites["site_id"], tables.sites["name"], strict=True))
        for line in shown["site"].groups:
            cells = by_site[[names[site] in line for site in by_site.index]].sum()
            assert not cells.between(1, SMALLEST - 1).any()


def test_a_kind_of_crisis_that_the_band_would_tell_takes_the_band_along():
    linked = made(1500, 4)
    children = linked.tables.children
    kinds = np.where(np.arange(len(children)) % 3 == 0, "mood", "suicidality")
    children = children.assign(diagnosis_family=kinds)
    few = children.index[children["arm"].eq("mobile_first")][:5]
    children.loc[few, "diagnosis_family"] = "none"
    bigger = children.index[children["arm"].eq("mobile_first")][5:40]
    children.loc[bigger, "diagnosis_family"] = "social"
    rare = children.index[children["arm"].eq("mobile_first")][40:44]
    children.loc[rare, "diagnosis_family"] = "psychosis"
    children["in_common_band"] = children["diagnosis_family"].isin(linked.study.cohort.common_band)
    changed = replace(linked, tables=replace(linked.tables, children=children))
    # 40 outside are no small count, but 35 of them have a line of their own: the other 5 would be told
    assert int((~children["in_common_band"]).sum()) == 40
    assert flow.in_band(changed) is None
    assert "of them with a kind of crisis" not in flow.diagram(changed).text


def test_definitions_are_nested_and_a_few_visits_between_two_are_hidden():
    counts = pd.DataFrame(
        {"visits": [500, 505, 700, 900, 1000], "children": [400, 400, 500, 600, 700]}, index=[*"abcd", visits.ANY]
    )
    assert visits.hidden_tiers(counts, SMALLEST) == {"a"}


def test_a_study_without_a_source_says_so_and_a_column_to_be_asked_about_is_not_shown():
    asked = params.study("demo").model_copy(update={"ask_before": ("race_ethnicity", "insurance")})
    linked = made(
        900, 5, study=asked, absent=("prior_placement_nights_365", "prior_detention_nights_365", "in_foster_care")
    )
    table = said(table_one.table_one, linked)
    assert table.count("no data") >= 3
    assert "not shown until" in table
    for words in RACES.values():
        assert words not in table
    assert joined.by_insurance(linked).text == ""
    assert INSURANCES["tribal"] not in said(unseen.unseen, linked).replace("the Indian Health Service", "")


def test_an_unweighted_difference_of_a_group_against_itself_is_none():
    linked = made(900, 6)
    children = linked.tables.children
    twice = pd.concat([children.assign(arm=arm) for arm in ARMS], ignore_index=True)
    shown = baseline.shown_before(replace(linked, tables=replace(linked.tables, children=twice)))
    known = [each.difference for each in shown if not each.why_not]
    assert len(known) > 12
    assert known == pytest.approx([0.0] * len(known), abs=1e-9)
    assert "noticeably apart in 0" in said(
        table_one.where_they_differ, replace(linked, tables=replace(linked.tables, children=twice))
    )
    assert NOTEWORTHY == 0.10


# --- without claims -----------------------------------------------------------------------------------------------------


def test_a_difference_that_is_printed_as_a_tenth_is_counted_as_one(monkeypatch):
    linked = made(4000, 5)
    shown = list(baseline.shown_before(linked))
    at = next(k for k, each in enumerate(shown) if each.what.name == "in_foster_care")
    counts = []
    for difference in (-0.09996, -0.0949):
        shown[at] = replace(shown[at], difference=difference, why_not="", levels=((shown[at].what.words, 50, 60),))
        monkeypatch.setattr(table_one, "shown_before", lambda _: shown)
        first = re.search(r"noticeably apart in (\d+)", said(table_one.where_they_differ, linked))[1]
        table = said(table_one.table_one, linked)
        note = re.search(r"0\.10 or more \((\d+) such", table)[1]
        assert first == note
        counts.append(int(note))
        assert ("−0.10" in table) == (difference < -0.095)
    assert counts[0] == counts[1] + 1


def test_a_site_that_stands_for_a_county_of_several_is_named():
    linked = made(4000, 5)
    assert "Site A for children of Site B, too" in said(table_one.table_one, linked)
    closed = linked.tables.site_counties.assign(to_on=pd.Timestamp("2022-12-31"))  # before the first crisis
    alone = replace(linked, tables=replace(linked.tables, site_counties=closed))
    assert "stands for all of it" not in said(table_one.table_one, alone)


def test_a_half_year_that_the_study_sees_in_part_is_named_by_its_months():
    linked = made(4000, 5)
    rows = [
        words for each in baseline.shown_before(linked) if each.what.name == "half_year" for words, *_ in each.levels
    ]
    assert rows == [
        "July to December 2023", "January to June 2024", "July to December 2024", "January to June 2025", "July to December 2025",
        "January to March 2026",
    ]  # fmt: skip


def test_a_month_that_still_comes_in_stands_beside_the_same_month_a_year_earlier():
    linked = made(4000, 5)
    late, months = unseen.late_months(linked), linked.tables.visits["from_on"].dt.to_period("M").value_counts()
    assert late["month"].tolist() == ["July 2026", "August 2026", "September 2026", "October 2026"]
    assert late["share"].tolist() == [
        months[pd.Period(f"2026-{m:02d}")] / months[pd.Period(f"2025-{m:02d}")] for m in range(7, 11)
    ]
    table = said(unseen.late_table, linked)
    assert "Of the same month a year earlier" in table
    assert "June 2026, the last month taken as whole, holds" in table
    few = linked.tables.visits[~linked.tables.visits["from_on"].dt.to_period("M").eq(pd.Period("2025-08"))]
    assert said(unseen.late_table, replace(linked, tables=replace(linked.tables, visits=few))).strip() == ""


@pytest.fixture
def without_claims(tmp_path) -> Path:
    """Two studies with nothing but the service's own tables; whether they are there is all that is asked."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    for study in ("demo", "lane_county"):
        folder = tmp_path / "data" / "processed" / study
        folder.mkdir(parents=True)
        for name in ("episodes", "sites", "site_counties", "population"):
            (folder / f"{name}.parquet").touch()
    return tmp_path


def test_without_claims_one_sentence_says_what_they_would_add_and_no_section_stands_empty(without_claims):
    linked = sources.open_linked("demo", root=without_claims)
    assert linked.tables is None
    text = said(front.headline, linked)
    assert "no Medicaid claims" in text
    assert "could be set beside" in text
    for part in PARTS:
        if part not in (front.title, front.headline):
            assert part(linked).text == "", part.__name__
    assert front.heading(linked, "Anything").text == method.subheading(linked, "Anything").text == ""


def test_a_service_that_tells_no_child_from_an_adult_reads_the_same_sentence(without_claims):
    linked = sources.open_linked("lane_county", root=without_claims)
    assert linked.tables is None
    assert "no Medicaid claims" in linked.absent


def test_claims_without_windows_and_tables_not_made_yet_are_a_sentence_each(without_claims):
    for study in ("demo", "lane_county"):
        for name in ("claims", "enrollment", "children", "site_counties"):
            (without_claims / "data" / "processed" / study / f"{name}.parquet").touch()
    assert "which days the study covers" in sources.open_linked("lane_county", root=without_claims).absent
    with pytest.raises(params.ParamsError, match="Run make data STUDY=demo"):
        sources.open_linked("demo", root=without_claims)


# --- the page itself ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The page of the made-up state's own tables as they stand, cell by cell as the notebook shows it; None where they are not made."""
    if not (ROOT / "data" / "processed" / "demo" / "cohort.parquet").exists():
        pytest.skip("The tables of the linked made-up state are not made here (make data).")
    cells = json.loads((ROOT / "notebooks" / "cohort.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict = {}
    body = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            body += [
                f"<h2>{line[3:]}</h2>" if line.startswith("## ") else f"<p>{line}</p>" for line in source.split("\n\n")
            ]
        elif re.match(r"study =|from ", source):
            exec(source, names)
        else:
            body.append(eval(source, names).text)
    return "<main>" + "\n".join(body)


def test_page_one_uses_plain_words_and_the_appendix_may_use_the_others(shown):
    assert words_in(page_one(shown), listed()) == []
    assert "SMD" in spoken("<main" + ABOUT.split(shown)[1])


def test_the_page_claims_blames_and_ranks_nothing_and_names_no_file(shown):
    assert words_in(spoken(shown), NEVER) == []
    assert [
        name for name in ("params/", *PARAMS_FILES) if re.search(rf"(?<![\w.-]){re.escape(name)}", spoken(shown))
    ] == []


def test_page_one_reads_at_grade_eight_in_short_sentences(shown):
    read = reading(ABOUT.split(shown)[0])
    assert len(read.sentences) > 20
    assert read.grade <= HIGHEST_GRADE
    assert read.most_words <= MOST_WORDS, read.longest


def test_the_children_found_are_those_that_intake_linked(shown):
    linked = sources.open_linked("demo")
    counted = pd.read_csv(ROOT / "data" / "processed" / "demo" / "linkage.csv")
    of_all = counted[counted["table"].eq("episodes") & counted["site_id"].eq("all")].iloc[0]
    children = joined.served(linked)
    assert (len(children), int(children["found"].sum())) == (of_all["children"], of_all["linked"])


def test_the_border_counties_of_the_made_up_state_are_those_that_lose_claims():
    from analysis.demo.linked.spoil import BORDER_COUNTIES

    assert read_border_counties("demo") == BORDER_COUNTIES
    assert read_source("demo").tables["claims"].covers is not None


def test_a_border_county_that_is_no_code_or_stands_twice_is_one_sentence(tmp_path):
    folder = tmp_path / "params" / "nm"
    folder.mkdir(parents=True)
    head = "county_fips,children_go_to,source\n"
    for line, said_so in (("Lea,Texas,A report\n", "line 2"), ("35025,Texas,A\n35025,Texas,B\n", "stands already")):
        (folder / "border_counties.csv").write_text(head + line, encoding="utf-8")
        with pytest.raises(params.ParamsError, match=said_so):
            read_border_counties("nm", root=tmp_path)


def test_nothing_of_what_became_of_a_child_is_read():
    """No column of FOLLOW_UP but how long and why it ended; follow_up_months, stays and removals are not opened at all."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "analysis" / "brief" / "linked").glob("*.py"))
    )
    assert not re.search(
        r"first_(bh_ed|inpatient|residential|placement|stricter|detention)_day|follow_up_months|stays\.parquet|removals",
        text,
    )
