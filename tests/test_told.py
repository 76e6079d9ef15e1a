"""What the ED-diversion page and its table tell: nothing that fixes a count of 1 to 10, by whatever sums and differences."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from analysis.brief.roi import diversion, diversion_detail, told
from analysis.effect.index_crisis import (
    ENDINGS,
    IN_ED,
    TOTAL,
    bound_diversion,
    count_index_crises,
    part_bounds,
    pool_small,
    read_diversion,
)
from analysis.effect.joined_cells import ALONE, ANSWERS, IN_A_RANGE, OUTSIDE, Joined, both, join_small

RULES, SMALLEST = read_diversion(), 11

# One kind of crisis: who asked, where, whether met, the answer; each with each ending. In an ED by who asked, by place, by both.
ANSWER = {"said_ed": IN_ED, "said_other": "waited", "not_asked": None}
ENDED = {"ended_ed": IN_ED, "ended_inpatient": "inpatient", "ended_unknown": None, "ended_elsewhere": "community"}
BEGAN = [(IN_ED, "home", "already_in_ed"), (IN_ED, IN_ED, "already_in_ed")] + [
    (who, *rest)
    for who in ("family", "school")
    for rest in ((IN_ED, "already_in_ed"), ("home", "no_contact"), *(("home", answer) for answer in ANSWERS))
]
KINDS = [(*began, ended) for began, ended in product(BEGAN, ENDINGS)]


def crises(counts) -> pd.DataFrame:
    """One row a crisis, so many of each kind."""
    rows = [
        {
            "referral_source": who, "response_location": where, "attempt_result": "refused" if part == "no_contact" else "contact", "response_mode": "mobile",
            "would_have_done": ANSWER.get(part), "disposition": ENDED[ended], "site_id": "site-01",
        }
        for who, where, part, ended in KINDS
    ]  # fmt: skip
    return pd.DataFrame(rows).loc[np.repeat(range(len(KINDS)), counts)].reset_index(drop=True).astype("object")


def page_of(episodes: pd.DataFrame, *, whole: bool = True) -> SimpleNamespace:
    first, last = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31")
    covers = (first, last if whole else pd.Timestamp("2027-06-30"))
    return SimpleNamespace(episodes=episodes, rules=RULES, covers=covers, period=SimpleNamespace(from_on=first, to_on=last), study=SimpleNamespace(name="none"))  # fmt: skip


def where(test) -> np.ndarray:
    return np.array([float(test(*kind)) for kind in KINDS])


def weights(stem: str, end: int, joined: Joined) -> np.ndarray:
    """How much each kind adds to one end of a range."""
    ends, widest = part_bounds(RULES), (min, max)[end]
    blocks = joined.answers if stem == "would" else joined.endings
    of = {part: widest(ends[each][end] for each in block) for block in blocks for part in block}
    is_open = where(lambda who, place, part, ended: part in ANSWERS)
    return is_open * np.array([of.get(kind[2] if stem == "would" else kind[3], 0.0) for kind in KINDS])


def equations(episodes: pd.DataFrame, row: pd.Series, joined: Joined) -> list[tuple[np.ndarray, float]]:
    """Every number that the page prints, as a sum over kinds."""
    is_open = where(lambda who, place, part, ended: part in ANSWERS)
    shown = [(np.ones(len(KINDS)), row["episodes"])]
    for block in (*joined.outside, *joined.answers):
        shown.append((where(lambda who, place, part, ended, block=block: part in block), row[list(block)].sum()))
    for block in joined.endings:
        inside = where(lambda who, place, part, ended, block=block: ended in block)
        shown.append((is_open * inside, row[list(block)].sum()))
    shown += [(weights(stem, end, joined), row[f"{stem}_{('low', 'high')[end]}"]) for stem in ("would", "were") for end in (0, 1)]  # fmt: skip
    for at, column in enumerate(("referral_source", "response_location")):
        pooled = pool_small(count_index_crises(episodes, column), smallest=SMALLEST, joined=joined)
        for group, one in bound_diversion(pooled, RULES, joined).iterrows():
            names = set(episodes[column]) - set(pooled.index) if group == "others together" else {group}
            inside = np.array([float(kind[at] in names) for kind in KINDS])
            shown.append((inside, one["episodes"]))
            shown += [(inside * weights(stem, end, joined), one[f"{stem}_{('low', 'high')[end]}"]) for stem in ("would", "were") for end in (0, 1)]  # fmt: skip
    return shown + endings_shown(episodes)


def endings_shown(episodes: pd.DataFrame) -> list[tuple[np.ndarray, float]]:
    """The table of how all crises ended: nothing of it where a number is small (the page hides by its own rule, more or less of it)."""
    counts = {name: int(episodes["disposition"].isna().sum() if code is None else episodes["disposition"].eq(code).sum()) for name, code in ENDED.items()}  # fmt: skip
    if any(0 < count < SMALLEST for count in counts.values()):
        return []
    return [(where(lambda who, place, part, ended, name=name: ended == name), count) for name, count in counts.items()]


def targets() -> dict[str, np.ndarray]:
    """What nobody may learn where it is small."""
    found = {part: where(lambda who, place, kind, ended, part=part: kind == part) for part in (*OUTSIDE, *ANSWERS)}
    for ending in ENDINGS:
        for inside in (True, False):
            found[f"{ending}, {'open' if inside else 'outside'}"] = where(
                lambda who, place, kind, ended, ending=ending, inside=inside: (
                    ended == ending and (kind in ANSWERS) == inside
                )
            )
    found["referred by an ED and seen in one"] = where(lambda who, place, kind, ended: who == place == IN_ED)
    found["referred by an ED, seen elsewhere"] = where(lambda who, place, kind, ended: who == IN_ED != place)
    found["seen in an ED, not referred by one"] = where(lambda who, place, kind, ended: place == IN_ED != who)
    for school in ("said_ed", "ended_ed"):
        found[f"school, {school}"] = where(
            lambda who, place, kind, ended, school=school: who == "school" and kind in ANSWERS and school in (kind, ended)
        )  # fmt: skip
    return found


def follows(counts: np.ndarray, shown: list[tuple[np.ndarray, float]]) -> list[str]:
    """The small counts that what is shown allows one value of."""
    matrix, right = np.array([left for left, _ in shown]), np.array([value for _, value in shown], dtype=float)
    assert np.allclose(matrix @ counts, right)
    found = []
    for name, target in targets().items():
        if not 1 <= target @ counts < SMALLEST:
            continue
        ends = [linprog(sign * target, A_eq=matrix, b_eq=right, method="highs") for sign in (1, -1)]
        assert all(end.success or end.status == 3 for end in ends)
        if all(end.success for end in ends) and abs(ends[0].fun + ends[1].fun) < 0.5:
            found.append(name)
    return found


def drawn(draws) -> np.ndarray:
    usual = draws.gamma(0.5, 14.0, size=len(KINDS)) * (draws.random(len(KINDS)) > 0.3)
    return draws.poisson(usual * draws.choice([1.0, 4.0]))


def test_no_small_count_follows_from_what_random_states_are_told():
    draws = np.random.default_rng(20261126)
    shown, joined, gave_away = 0, 0, 0
    for _ in range(100):
        counts = drawn(draws)
        episodes = crises(counts)
        found = told.tell(page_of(episodes))
        if found.withheld:
            continue
        shown, joined = shown + 1, joined + (found.joined != ALONE)
        assert follows(counts, equations(episodes, found.row, found.joined)) == []
        alone = bound_diversion(count_index_crises(episodes), RULES).loc[TOTAL]
        gave_away += bool(follows(counts, equations(episodes, alone, ALONE)))
    assert shown > 15  # there was something to attack
    assert joined > 10
    assert gave_away > 10  # and told apart it would have given a count away


def a_state(**more) -> np.ndarray:
    """A large state in which every kind has 60 crises, but those named (of a family's call at home, by ending)."""
    counts = np.full(len(KINDS), 60)
    for at, (_, _, part, ended) in enumerate(KINDS):
        if ended in more and part in ANSWERS:
            counts[at] = 0
    for ended, count in more.items():
        counts[KINDS.index(("family", "home", "said_ed", ended))] = count
    return counts


def test_seven_without_an_ending_are_told_with_the_admissions_and_the_page_stands():
    episodes = crises(a_state(ended_unknown=7))
    accrual = page_of(episodes)
    found = told.tell(accrual)
    assert found.row["ended_unknown"] == 7
    assert found.withheld is None
    assert found.joined.endings == (("ended_ed",), ("ended_inpatient", "ended_unknown"), ("ended_elsewhere",))
    assert found.joined.answers == ALONE.answers
    text = "".join(str(part(accrual)) for part in (diversion.headline, diversion.rests_on, diversion.what_narrows))
    assert "367 were admitted to a hospital (perhaps through one) or have no ending on record" in text  # 360 and 7
    assert ">7<" not in text
    assert " 7 " not in text
    assert follows(a_state(ended_unknown=7), equations(episodes, found.row, found.joined)) == []
    rows = diversion.effect_rows(accrual)
    assert rows["subgroup"].iloc[0] == TOTAL
    assert (rows["low"].iloc[0], rows["high"].iloc[0]) == (found.row["fewer_low"], found.row["fewer_high"])


def test_a_joined_range_is_wider_and_depends_on_the_sum_alone():
    rows = [count_index_crises(crises(a_state(ended_unknown=few, ended_ed=20 - few))) for few in (3, 9)]
    joined = Joined(ALONE.outside, ALONE.answers, (("ended_ed", "ended_inpatient", "ended_unknown"), ("ended_elsewhere",)))  # fmt: skip
    names = ["would_low", "would_high", "were_low", "were_high", "fewer_low", "fewer_high"]
    one, other = (bound_diversion(row, RULES, joined).loc[TOTAL, names] for row in rows)
    assert one.tolist() == other.tolist()
    apart = bound_diversion(rows[0], RULES).loc[TOTAL]
    assert one["fewer_low"] <= apart["fewer_low"] <= apart["fewer_high"] <= one["fewer_high"]


@pytest.mark.parametrize("whole", [True, False])
def test_where_no_joining_helps_the_page_names_the_true_reason(whole):
    counts = np.zeros(len(KINDS), dtype=int)
    counts[KINDS.index(("family", "home", "said_ed", "ended_elsewhere"))] = 900
    counts[KINDS.index(("family", "home", "no_contact", "ended_unknown"))] = 4
    accrual = page_of(crises(counts), whole=whole)
    said = told.tell(accrual).withheld
    assert said.startswith(told.FEW_OUTSIDE)
    assert (told.NAME_LONGER in said) == (not whole)  # the whole extract has no longer period
    for part in (diversion.headline, diversion.rests_on, diversion.what_narrows, diversion_detail.by_group):
        assert said in str(part(accrual)).replace("&#x27;", "'")
    assert diversion.effect_rows(accrual).empty


def test_joining_leaves_no_small_block_and_every_part_in_one():
    draws = np.random.default_rng(20261127)
    for _ in range(300):
        tables = [
            pd.DataFrame(draws.poisson(draws.gamma(0.7, 25.0, size=(rows, len(parts)))), columns=list(parts))
            for parts, rows in ((OUTSIDE, 3), (ANSWERS, 1), (ENDINGS, 2))
        ]
        found = join_small(*tables, smallest=SMALLEST)
        if found is None:
            assert any(table.sum(axis=1).between(1, SMALLEST - 1).any() for table in tables)
            continue
        for table, side, parts in zip(tables, (found.outside, found.answers, found.endings), (OUTSIDE, ANSWERS, ENDINGS), strict=True):  # fmt: skip
            assert sorted(part for block in side for part in block) == sorted(parts)
            for block in side:
                assert not table[list(block)].sum(axis=1).between(1, SMALLEST - 1).any()


def test_what_either_tells_together_is_told_together():
    pair = Joined(ALONE.outside, (("said_ed", "not_asked"), ("said_other",)), ALONE.endings)
    assert both(pair, IN_A_RANGE).answers == (("said_ed", "said_other", "not_asked"),)
