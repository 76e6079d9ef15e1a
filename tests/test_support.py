"""Pages of support plans on the made-up state: what they say, what they hide, and what they say where nothing can be said."""

import re
import shutil
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import params
from analysis.brief.plans.notes import notes
from analysis.brief.plans.records import Plan
from analysis.brief.support import (
    aims,
    drawn,
    log,
    lots,
    overview,
    page,
    picture,
    rollout,
    shown,
    sources,
    start,
    steps,
    worked,
    worth,
)
from analysis.params import ROOT, ParamsError
from analysis.quality.utilization.expected import cannot_classify
from analysis.tables import UTILIZATION_TABLE

PERIOD = "2026-10"
CAUSES = {"site-04": "asks:school", "site-09": "recommended", "site-12": "hours"}
SMALL = ("site-14", "site-15")


@pytest.fixture(scope="module")
def support():
    return sources.open_support("demo", PERIOD)


def plain(html) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html.text)))


# --- who -------------------------------------------------------------------------------------------------------------


def test_the_three_sites_of_truly_low_use_are_found_and_their_leading_cause_is_the_true_one(support):
    below = support.judged.index[support.judged["class"].eq("below_expected")]
    assert list(below) == list(CAUSES)
    assert {site: steps.leading(support.account(site))["cause"].iloc[0] for site in below} == CAUSES


def test_the_small_sites_are_told_cant_tell_yet_and_nobody_is_ranked(support):
    assert support.judged.loc[list(SMALL), "class"].eq("cant_tell_yet").all()
    table = shown.utilization(support)
    assert table["site_id"].tolist() == support.sites  # by name
    assert "rank" not in " ".join(table.columns)


def test_utilization_csv_has_the_contracts_columns_and_hides_what_gives_a_small_count_away(support):
    table = shown.utilization(support).set_index("site_id")
    assert ["site_id", *table.columns] == UTILIZATION_TABLE.names
    hidden = table["observed"].isna()
    assert hidden[list(SMALL)].all()
    assert table.loc[hidden, ["ratio", "low", "high"]].isna().all(axis=None)
    assert table.loc[~hidden, "ratio"].notna().all()
    assert table["expected"].dropna().eq(table["expected"].dropna().round()).all()
    seen = table.loc[~hidden, "observed"]
    assert {site: int(count) for site, count in seen.items()} == {
        site: int(support.numbers.row("episodes", support.year, site=site)["value"]) for site in seen.index
    }


def test_no_page_of_a_hidden_site_prints_its_count_or_ratio(support):
    for site in SMALL:
        count = int(support.judged.loc[site, "observed"])
        assert 0 < count < 11
        text = (
            plain(page.why(support, site)) + plain(page.this_month(support, site)) + plain(worth.worth(support, site))
        )
        assert "hidden" in text
        # "About 3 crises were to be expected" says nothing of how many came.
        assert not re.search(rf"(?<!about )\b{count} crises", text)
        assert "for every 100" not in plain(page.why(support, site))
        assert shown.observed(support, site) != shown.observed(support, site)


def test_a_site_with_hidden_counts_has_no_cost_of_a_crisis_now(support):
    text = plain(worth.worth(support, SMALL[0]))
    assert "is hidden" in text
    assert plain(worth.worth(support, "site-04")).count("$") == 3


def test_the_records_are_ruled_out_first():
    months = pd.period_range("2026-04", "2026-09", freq="M")
    table = pd.DataFrame({"site_id": "a", "month": months, "observed": [9, 9, 0, 9, 9, 9], "expected": 10.0})
    use = type("Use", (), {"table": table})()
    rule = type("Rule", (), {"windows": type("Windows", (), {"months": 6})()})()
    episodes = pd.DataFrame({"site_id": "a", "counted_on": pd.to_datetime(["2026-07-01"])})
    wrong = sources.wrong_with_records(use, {"episodes": episodes}, "a", rule)
    assert wrong == ("no record at all in June 2026", "no record in the 45 days before the end of September 2026")
    calls = pd.DataFrame({"site_id": ["b"], "called_on": pd.to_datetime(["2026-07-01"])})
    assert (
        sources.wrong_with_records(use, {"episodes": episodes, "calls": calls}, "a", rule)[-1]
        == "no call on the record of the line"
    )
    tiny = type("Use", (), {"table": table.assign(expected=1.0)})()
    assert (
        sources.wrong_with_records(tiny, {"episodes": episodes}, "a", rule) == ()
    )  # chance alone empties a tiny site's month


# --- a plan's page ---------------------------------------------------------------------------------------------------


def test_the_page_opens_with_what_to_do_who_by_when_and_what_the_state_owes(support):
    text = plain(page.this_month(support, "site-04"))
    assert text.startswith(" This month: 2 things to do. The state owes one thing. To do this month")
    assert "outreach worker 13 November 2026 open" in text
    assert "The review after 150 days was due on 12 September 2026 and has not been held." in text


def test_the_page_is_a_helpers_letter(support):
    parts = [page.title, page.this_month, page.why, picture.where_lost, log.story, log.aims, log.actions, worked.worked]
    for site in CAUSES:
        text = " ".join(plain(part(support, site)) for part in parts)
        assert not re.search(r"\b(worst|failing|underperform\w*|noncompliant|poor|rank\w*|red)\b", text, re.IGNORECASE)
        assert "A person decides, with the site" in text
        assert "Of 15 sites working as usual, this rule wrongly offers a plan" in text


def test_the_rise_that_comes_by_itself_is_computed(support):
    awaited = support.awaited("site-09")
    assert awaited.seen < awaited.awaited < 1
    assert f"about {round(100 * awaited.awaited)} for every 100 expected is likely next" in plain(
        page.why(support, "site-09")
    )


def test_where_families_drop_off_is_told_in_families_a_month_with_a_range(support):
    assert re.search(
        r"Too few calls from: school: about \d+ a month \(\d+ to \d+\)", plain(picture.where_lost(support, "site-04"))
    )
    assert re.search(r"Calls that end on the phone: about \d+ a month", plain(picture.where_lost(support, "site-09")))
    text = plain(picture.hours(support, "site-12"))
    assert "goes out in 45 of the week's 168 hours" in text
    assert "every hour of the week" in plain(picture.hours(support, "site-04"))


def test_did_it_work_says_how_sure_and_what_others_did(support):
    text = plain(worked.worked(support, "site-04"))
    assert "The plan began on 15 April 2026" in text
    assert re.search(r"Over the same months \d+ other sites moved between", text)
    assert "because it was low" in text
    early = plain(worked.worked(support, "site-09"))
    assert "too little to say what it did" in early
    assert "fewer than 3 whole months since it began" in early


def test_a_site_without_a_plan_is_offered_help_and_a_closed_one_is_not_judged(support):
    assert page.OFFER in plain(page.this_month(support, "site-14"))
    assert "is not judged: closed" in plain(page.why(support, "site-13"))
    assert "cannot be judged" in plain(page.this_month(support, "site-13"))
    assert "not yet written" in plain(log.aims(support, "site-14"))


def test_a_plan_of_a_closed_site_says_so(support):
    closed = replace(support, plans={"site-13": Plan(site="site-13", plan_no=1, status="agreed")})
    assert "This site closed on 31 May 2026" in plain(page.this_month(closed, "site-13"))


def test_the_state_itself_has_no_plan_page(support):
    with pytest.raises(ParamsError, match="A plan is one site's"):
        page.check_site(support, "statewide")
    with pytest.raises(ParamsError, match="is not a site"):
        page.check_site(support, "site-99")


def test_only_an_effect_graded_strong_is_told(support, tmp_path):
    assert "is left out. This study's effect is not graded strong" in plain(worth.worth(support, "site-04"))
    folder = tmp_path / "outputs/demo/tables/2026/statewide"
    folder.mkdir(parents=True)
    rows = pd.DataFrame(
        {
            "outcome": ["ed_visit", "nights"],
            "estimate": [-0.2, -1.0],
            "low": [-0.3, -2.0],
            "high": [-0.1, 0.2],
            "unit": "a child",
            "grade": ["strong", "suggestive"],
        }
    )
    rows.to_csv(folder / "effects.csv", index=False)
    assert worth.strong_effects("demo", root=tmp_path)["outcome"].tolist() == ["ed_visit"]
    assert worth.strong_effects("nowhere", root=tmp_path).empty


# --- the overview ----------------------------------------------------------------------------------------------------


def test_the_overview_names_the_sites_the_errors_and_the_rollout(support):
    assert (
        "High Juniper, Sage Hollow and Yucca Flats reach fewer children than expected. Of 2 more nobody can tell yet"
        in plain(overview.headline(support))
    )
    assert "14 of 15 planned sites are open." in plain(rollout.rollout(support))
    counties = plain(rollout.rollout(support))
    assert "Luna" in counties
    assert re.search(r"About [\d,]+ children of 0 to 20 years live where no open site goes", counties)
    assert "A halving is found within a year" in plain(overview.how_sure(support))


def test_the_overview_counts_as_late_what_is_late_and_names_what_each_note_is_of(support):
    text = plain(overview.headline(support))
    every = [each for plan in support.plans.values() for each in notes(plan, support.known, support.as_of.date())]
    late = sum(
        "has not been held" in each.words or "was due on" in each.words or "gone by" in each.words for each in every
    )
    assert 0 < late < len(every)
    assert f"{late} things in the plans are late; {len(every) - late} is still to be written." in text
    table = plain(overview.plans(support))
    action = support.known.actions[
        next(each.action for each in support.plans["site-04"].actions if each.dose is None and each.start_on)
    ]
    assert f"Action: {action.name.rstrip('.')}. It began on" in table
    owed = next(each for each in support.plans["site-12"].state_owes if each.done_on is None)
    assert f"What the state gives: {owed.what.rstrip('.')}. It was due on" in table


def test_the_overview_says_where_more_than_expected_came_and_gives_nothing_hidden_away(support):
    table = shown.utilization(support).set_index("site_id")
    cells = {
        row[0]: row
        for row in re.findall(r'<th scope="row">(.*?)</th>' + 5 * r"<td[^>]*>(.*?)</td>", overview.who(support).text)
    }
    above = table.index[table["class"].eq("expected_range") & table["low"].gt(1)]
    assert len(above) > 1
    for site in table.index:
        said = cells[page.name_of(support, site)][4]
        assert said.startswith("more than expected") == (site in above)
    hidden = table.index[table["observed"].isna()]
    assert len(hidden) > 1
    raised = replace(
        support,
        judged=support.judged.assign(
            **{"class": "expected_range", "words": "in the expected range", "why": "", "low": 2.0}
        ),
    )
    words = dict(zip(table.index, overview.who(raised).text.split("<tr>")[2:], strict=False))
    assert not [site for site in hidden if "more than expected" in words[site]]


def test_the_error_rates_are_of_sites_that_can_be_judged_with_the_range_of_what_is_expected(support):
    finds = support.rates[0].finds
    yearly = support.judged["expected"]
    small = finds[finds["size"].eq("small") & finds["step"].eq("below")].iloc[0]
    able = yearly[yearly.ge(support.rule.classes.least_expected)]
    assert small["least"] >= support.rule.classes.least_expected
    assert finds["judgeable"].lt(finds["sites"]).sum() == 3  # of the small, at each of three steps
    assert small["sites"] - small["judgeable"] == len(SMALL)
    assert small["found_of_judgeable"] > small["found_by_12"]
    assert finds["most"].max() == pytest.approx(able.max(), rel=0.1)
    text = plain(overview.how_sure(support))
    assert f"Small {small['judgeable']} {small['least']:.0f} to {small['most']:.0f} about" in text
    assert "Left out: 2 sites of which fewer than 12 crises are expected in a year." in text


def test_no_part_that_rounds_to_no_family_is_among_what_most_are_lost_to(support):
    text = plain(overview.where_lost(support))
    assert "about 0 families" not in text
    assert "Too few calls from: school (about" in text
    assert steps.leading(support.account("site-04"))["a_month"].lt(0.5).any()  # there was one to leave out


def test_where_no_site_can_be_judged_the_pages_say_why_and_go_on(support):
    reason = cannot_classify(params.study("lane_county"), None, None)
    unknown = replace(support, cannot=reason, use=None, judged=pd.DataFrame(), complete={})
    assert "cannot be said here" in plain(overview.headline(unknown))
    for part in (overview.who, overview.how_sure, overview.where_lost):
        assert "Nobody can be judged here" in plain(part(unknown))
    assert "cannot be said here" in plain(page.why(unknown, "site-04"))
    assert plain(worth.worth(unknown, "site-04")) == ""
    assert "no plan has begun" in plain(worked.worked(unknown, "site-14")).lower()


# --- a first draft ---------------------------------------------------------------------------------------------------


def test_a_draft_proposes_what_acts_on_the_leading_step_and_reads_back(support, tmp_path):
    shutil.copytree(ROOT / "params", tmp_path / "params")
    (tmp_path / "params/demo/plans/site-09.yml").unlink()
    path = start.write_draft(support, "site-09", root=tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "status: draft" in text
    assert "- action: just_go" in text
    assert "Of 100 calls, those in which a visit is agreed on" in text
    with pytest.raises(ParamsError, match="already"):
        start.write_draft(support, "site-09", root=tmp_path)


def test_a_draft_for_a_hidden_site_holds_no_small_count(support, tmp_path):
    shutil.copytree(ROOT / "params", tmp_path / "params")
    text = start.write_draft(support, "site-14", root=tmp_path).read_text(encoding="utf-8")
    assert "crises seen" not in text
    assert "for every 100" not in text


def test_an_aim_goes_to_what_the_upper_quarter_of_comparable_sites_reaches(support):
    [agreed, *_] = aims.work_out(support, "site-09", date(2026, 11, 1))
    shares = support.path.steps.query("step == 'recommended'").set_index("site_id")["share"]
    others = shares[[site for site in support.comparable if site != "site-09"]]
    assert agreed.to == round(100 * np.quantile(others, 0.75))
    assert agreed.by == date(2027, 5, 1)
    hours = aims.work_out(support, "site-12", date(2026, 11, 1))[0]
    assert (hours.start, hours.to) == (45, 168)


def test_an_aim_that_chance_could_hide_is_not_set(support):
    assert aims.smallest_rise(20, 20 / 12, 6) > 2.5
    found = aims.work_out(support, "site-12", date(2026, 11, 1))
    row = support.judged.loc["site-12"]
    wanted = 0.85 * row["expected"] / row["observed"]
    of_use = [aim for aim in found if aim.process.startswith("Crises that the site responds to")]
    assert bool(of_use) == (wanted >= aims.smallest_rise(row["observed"], row["observed"] / 12, 6))


def test_smallest_rise_is_found_as_often_as_it_says():
    rng = np.random.default_rng(20261125)
    before, months, ratio = 240, 6, aims.smallest_rise(240, 20, 6, dispersion=1.0)
    first, then = rng.poisson(before, 4000), rng.poisson(20 * months * ratio, 4000)
    found = np.abs(np.log(then / months) - np.log(first / 12)) > 1.96 * np.sqrt(1 / first + 1 / then)
    assert 0.77 < found.mean() < 0.83


def test_a_plan_is_not_drafted_without_a_site(capsys):
    assert start.main(["demo", "", PERIOD]) == 1
    assert "Name the site" in capsys.readouterr().err


# --- the lot ---------------------------------------------------------------------------------------------------------


def test_a_lot_is_drawn_once_and_written_down(tmp_path, capsys):
    for part in ("params", "data/processed/demo"):
        shutil.copytree(ROOT / part, tmp_path / part)
    given = ["demo", "3 17 22 40", "site-04", "site-12"]
    assert lots.main(given, root=tmp_path) == 0
    written = Path(tmp_path / "params/demo/lots/site-04_site-12.yml").read_text(encoding="utf-8")
    assert "words: '3 17 22 40'" in written
    assert lots.main(given, root=tmp_path) == 1
    assert "drawn once" in capsys.readouterr().err
    assert lots.main(["demo", "x", "site-04", "site-99"], root=tmp_path) == 1
    assert '"site-99" is not a site' in capsys.readouterr().err
    assert lots.main(["demo", "x"], root=tmp_path) == 1
    assert "two sites or more" in capsys.readouterr().err


def test_who_calls_is_shown_out_of_those_who_could_and_hidden_where_the_mix_is(support):
    text = plain(picture.who_could_ask(support, "site-01"))
    assert "per 1,000 children of school age and year" in text
    assert "per 100 contacts with 988" in text
    assert "per 100 behavioral-health visits to emergency departments" in text
    assert "per 100 removals of children from home" in text
    assert "the study has no" not in text
    assert plain(picture.who_could_ask(support, "site-14")).count("hidden") == 8  # four rows, rate and range
    rows = support.bases.set_index(["site_id", "source"])
    low = rows.loc[("site-04", "school")]
    assert low["high"] < 0.5 * low["middle"]


def test_a_lot_in_force_is_tested_only_where_its_plans_began_in_its_order(support, monkeypatch):
    order = ("site-04", "site-12", "site-09")  # as the plans of the made-up state began
    assert "Not every plan of it has a whole quarter" in drawn._test_of(support, order)
    assert "did not begin in that order" in drawn._test_of(support, order[::-1])
    assert "Not every plan of it has begun" in drawn._test_of(support, ("site-04", "site-01"))
    days = dict(zip(order, (date(2025, 1, 1), date(2025, 7, 1), date(2026, 1, 1)), strict=True))
    begun = replace(
        support, plans={site: Plan(site=site, plan_no=1, status="agreed", started_on=day) for site, day in days.items()}
    )
    assert re.search(
        r"of all orders that the lot could have drawn, \d+ of 100 would show as much", drawn._test_of(begun, order)
    )


def test_a_lot_whose_order_is_not_that_of_its_words_is_refused(tmp_path):
    folder = tmp_path / "params/demo/lots"
    folder.mkdir(parents=True)
    (folder / "a_b.yml").write_text("words: '1 2 3'\neligible: [a, b]\norder: [a, b]\n", encoding="utf-8")
    (folder / "c.yml").write_text("words: '1 2 3'\neligible: [a, b]\norder: [b, a]\n", encoding="utf-8")
    with pytest.raises(ParamsError, match="do not give this order"):
        lots.read_lots("demo", root=tmp_path)


def test_no_cause_is_named_where_none_clearly_leads():
    account = pd.DataFrame({"cause": ["all", "asks:school", "asks:family"], "a_month": [5.0, 2.0, 1.9], "low": [3.0, 1.0, 0.9], "high": [7.0, 3.0, 2.9],
                            "leads": [np.nan, 0.79, 0.21]})  # fmt: skip
    assert steps.leading(account).empty
    account.loc[1:, "leads"] = [0.8, 0.2]
    assert steps.leading(account)["cause"].tolist() == ["asks:school", "asks:family"]


def test_a_draft_gives_no_count_of_callers_that_the_mix_hides(support):
    by = date(2027, 4, 30)
    looked = 0
    for site in support.comparable:
        for source in ("school", "family", "police", "line_988", "child_welfare"):
            row = support.numbers.row("referral_source", support.year, site=site, stratum=source)
            aim = aims._of_source(support, site, f"asks:{source}", by)
            assert (aim.start is None) == (row is None or pd.isna(row["value"])), (site, source)
            looked += aim.start is None
    assert looked > 5


def test_where_no_rise_could_be_seen_the_aim_is_what_is_done(support):
    [aim] = aims.work_out(support, "site-14", date(2026, 11, 1))
    assert aim.process.startswith("Outreach events a month")
    assert aim.start < aim.to
    without = replace(support, tables={name: table for name, table in support.tables.items() if name != "outreach"})
    assert aims.work_out(without, "site-14", date(2026, 11, 1)) == ()
