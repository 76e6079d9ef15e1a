"""What the pages say of a few made-up people, and of the made-up state: hidden stays hidden, and no more is said than is known."""

import html
import re
import shutil
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from conftest import DEMO_BRIEFS, build_briefs

from analysis import params
from analysis.brief import attention, markup, monthly, panels, questions, scorecard, site_by_site
from analysis.brief.hiding import hidden
from analysis.brief.numbers import Numbers
from analysis.brief.press.index import write_index
from analysis.brief.press.pages import check_page, shell
from analysis.brief.windows import windows
from analysis.quality.cards import read_cards, switched_off
from analysis.quality.counts import by_measure_place_period

SCRIPT = "<script>alert(1)</script>"
NAMES = {"tiny": SCRIPT, "cover": "Cover", "north": "North", "south": "South", "empty": "Empty"}
COVERS = ("2025-01-01", "2026-10-31")
RULE = params.disclosure()


def a_study(**choices) -> params.Study:
    plain = {"name": "made_up", "title": "A small state", "service": "Mobile response", "people": "children"}
    return params.Study(**{**plain, "place": "site", "made_up": "Made-up data.", "clocks": (a_clock(),), **choices})


def a_clock(minutes: int = 60, first: str = "2020-01-01", last: str | None = None) -> params.Clock:
    to_on = date.fromisoformat(last) if last else None
    return params.Clock(from_on=date.fromisoformat(first), to_on=to_on, start="requested_at", stop="arrived_at",
                        threshold_minutes=minutes, target_share=0.8, source="made up")  # fmt: skip


def crises(site: str, months: list[str], each: int, *, met: float = 0.9, wait: int = 30, **codes) -> pd.DataFrame:
    """`each` crises a month, 14:00 on the 5th: the first part of them met, asked to be seen and seen in person."""
    usual = {"recommended_mode": "mobile", "attempt_result": "contact", "urgency": "urgent", "disposition": "community",
             "referral_source": "family", "presenting_problem": "anxiety", **codes}  # fmt: skip
    asked = pd.to_datetime([f"{month}-05 14:00" for month in months for _ in range(each)])
    place_in_month = pd.Series(range(len(asked))) % max(each, 1)
    seen = place_in_month < round(met * each)
    return pd.DataFrame({
        "site_id": site, "counted_on": asked.normalize(), "requested_at": asked.tz_localize("America/Denver"),
        "arrived_at": (asked + pd.Timedelta(minutes=wait)).tz_localize("America/Denver"),
        "requested_at_note": "time", "arrived_at_note": "time", "age_years": 12.0,
        "response_mode": seen.map({True: "mobile", False: "phone"}), **usual,
    })  # fmt: skip


def numbered(*parts: pd.DataFrame) -> pd.DataFrame:
    """One table of episodes, each of another child."""
    table = pd.concat(parts, ignore_index=True)
    ids = pd.array(range(len(table)), dtype="Int64")
    return table.assign(episode_id=ids, child_id=ids)


def numbers_of(
    episodes: pd.DataFrame, period: str = "2026-10", *, study=None, covers=COVERS, sites: dict | None = None, **given
) -> Numbers:
    """The numbers as a brief opens them, from this table alone; `sites` gives what is special of a site: {"north": {"closed_on": ...}}."""
    study = study or a_study()
    covered = tuple(pd.Timestamp(day) for day in covers)
    special, sites = sites, pd.DataFrame({"site_id": list(NAMES), "name": list(NAMES.values()), "has_scorecard": True})
    sites = sites.assign(opened_on=pd.NaT, closed_on=pd.NaT, hub_id=pd.Series(pd.NA, index=sites.index, dtype="string"))
    for site, own in (special or {}).items():
        for name, value in own.items():
            sites.loc[sites["site_id"].eq(site), name] = pd.Timestamp(value) if name.endswith("_on") else value
    cards, cut = read_cards(study), windows(study, study.period(period), covered)
    counted = by_measure_place_period(episodes, sites, cut.all, study=study, cards=cards, covers=covered)
    shown = hidden(counted, cards, cut, study, rule=RULE)
    off = tuple(switched_off(cards, episodes, study=study))
    return Numbers(study, cards, cut, covered, sites, shown, off, **given)


def months_of(span=COVERS) -> list[str]:
    return [str(month) for month in pd.period_range(*span, freq="M")]


def statewide_page(numbers: Numbers) -> str:
    """Everything that the statewide brief shows of the numbers."""
    parts = [monthly.title, monthly.headline, monthly.key_figures, attention.what_next, monthly.what_changed, monthly.trends,
             site_by_site.side_by_side, monthly.by_site, questions.three_questions, monthly.mixes, panels.when_figures,
             monthly.all_figures, monthly.about]  # fmt: skip
    return shell(markup.together(*(part(numbers) for part in parts)).text, name="a/statewide.html")


def site_page(numbers: Numbers, site: str) -> str:
    """Everything that the site's page shows."""
    parts = [scorecard.title, scorecard.headline, scorecard.how_sure, scorecard.what_next, scorecard.key_table,
             scorecard.trends, scorecard.beside_the_others, scorecard.mixes]  # fmt: skip
    shown = [
        *(part(numbers, site) for part in parts),
        questions.three_questions(numbers, site=site),
        panels.when_figures(numbers, site=site),
        scorecard.about(numbers),
    ]
    return shell(markup.together(*shown).text, name="a/site.html")


def said(text: str) -> str:
    """The text of a page as it is read, and the words for its pictures."""
    body = re.sub(r"<style\b.*?</style>", " ", text[text.index("<main") :], flags=re.DOTALL)
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', body))
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", f"{body} {labels}")))


def cells(text: str, first: str) -> list[str]:
    """The cells beside that row header, in the first table that has it."""
    row = re.search(rf'<th scope="row"[^>]*>{re.escape(html.escape(first))}</th>(.*?)</tr>', text, flags=re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row[1])]


# --- hidden is hidden ------------------------------------------------------------------------------------------------

YEAR = months_of(("2025-11", "2026-10"))


@pytest.fixture(scope="module")
def small() -> Numbers:
    """A site of 7 crises in the year, one of 23 that must cover for it, two large ones, and one without any."""
    return numbers_of(numbered(
        crises("tiny", ["2026-03"], 7), crises("cover", ["2026-04"], 23),
        crises("north", months_of(), 40), crises("south", months_of(), 60),
    ))  # fmt: skip


def test_a_hidden_site_and_its_cover_are_hidden_in_every_cell(small):
    page = statewide_page(small)
    for name in (SCRIPT, "Cover"):
        assert set(cells(page, name)) == {"hidden"}
    assert cells(page, "North")[0] == "480"  # 12 x 40
    assert cells(page, "Statewide")[0] == "1,230"  # 12 x 100 + 7 + 23


@pytest.mark.parametrize("site", ["tiny", "cover"])
def test_no_figure_of_a_hidden_site_is_on_its_page(small, site):
    page = site_page(small, site)
    for measure in ("Seen in person", "Reached in time", "Visits that met the person"):
        # A site without a chart has no column on its past: it would say "too few to tell" in every line.
        year, span, _state, standard = cells(page, measure)
        assert (year, span, standard) == ("hidden", "", "can’t be shown")
    for measure in ("Crisis episodes", "Children served"):
        assert cells(page.partition("How much did we do?")[2], measure)[:2] == ["hidden", ""]
    assert "<svg" not in page
    told = " ".join([scorecard.headline(small, site).text, scorecard.what_next(small, site).text, scorecard.mixes(small, site).text])  # fmt: skip
    assert not re.search(r"\b(7|23)\b", told)


def test_a_hidden_count_is_not_called_one_to_ten_where_it_may_cover_another(small):
    assert "responded to crises whose number is hidden, to protect children" in said(site_page(small, "cover"))
    assert "responded to 1 to 10" not in said(site_page(small, "cover"))


def test_a_hidden_month_of_the_state_is_hidden_in_the_headline_and_the_cards():
    few = numbers_of(numbered(crises("north", YEAR[:-1], 30), crises("south", YEAR[:-1], 30), crises("north", YEAR[-1:], 7)))  # fmt: skip
    text = said(statewide_page(few))
    assert "responded to a number of crises that can't be shown" in text
    assert few.row("episodes", few.windows.now)["hidden"]
    assert not re.search(r"\b7 (of|crises)|of 7\b", text)


# --- a name is a name ------------------------------------------------------------------------------------------------


def test_markup_in_a_name_is_text_on_every_page_and_in_the_words_for_pictures(tmp_path):
    numbers = numbers_of(numbered(crises("tiny", months_of(), 50), crises("north", months_of(), 60)))
    for page in (statewide_page(numbers), site_page(numbers, "tiny")):
        check_page(page)
        assert "<script" not in page
        assert html.escape(SCRIPT) in page
    title = re.search(r"<title>(.*?)</title>", site_page(numbers, "tiny"))[1]
    assert html.escape(SCRIPT) in title
    spoken = re.findall(r'<svg[^>]*aria-label="([^"]*)"', site_page(numbers, "tiny"))
    assert len(spoken) > 3
    assert all(SCRIPT in html.unescape(words) for words in spoken)
    root = workspace(tmp_path, numbers)
    index = write_index("made_up", root=root).read_text(encoding="utf-8")
    assert "<script" not in index
    assert html.escape(SCRIPT) in index


def workspace(root, numbers: Numbers):
    """A study with the page of one site, as the index finds it."""
    (root / "params" / "made_up").mkdir(parents=True)
    (root / "params" / "made_up" / "study.yml").write_text("title: A small state\nservice: Mobile response\npeople: children\nplace: site\n")  # fmt: skip
    processed = root / "data" / "processed" / "made_up"
    processed.mkdir(parents=True)
    numbers.sites.to_parquet(processed / "sites.parquet")
    folder = root / "outputs" / "made_up" / "briefs" / "2026-10" / "tiny"
    folder.mkdir(parents=True)
    (folder / "site_scorecard.html").write_text(site_page(numbers, "tiny"), encoding="utf-8")
    return root


# --- no more than is known -------------------------------------------------------------------------------------------


def test_a_period_that_is_not_complete_is_compared_with_nothing_and_says_so():
    # 17 days of October hold half as many; that is no fall.
    half = numbers_of(numbered(crises("north", months_of()[:-1], 40), crises("north", ["2026-10"], 20, met=0.5)), covers=("2025-01-01", "2026-10-17"))  # fmt: skip
    text = said(statewide_page(half))
    assert "From 1 October 2026 to 17 October 2026, teams responded to 20 crises" in text
    assert text.count("the period is not complete") >= 3
    assert not re.search(r"(higher|lower) than before|below the usual|above the usual|within the usual", text)


def test_the_month_after_the_period_is_hollow_and_compared_with_nothing():
    later = numbers_of(numbered(crises("north", months_of(), 40), crises("south", months_of(), 40)), "2026-09", covers=("2025-01-01", "2026-10-17"))  # fmt: skip
    page = statewide_page(later)
    assert "October 2026 is not complete: the records end on 17 October 2026. It is drawn hollow and compared with nothing." in said(page)  # fmt: skip
    assert said(page).count("The last is incomplete") == 4  # one a figure over time
    assert later.windows.before.name == "2025-09_2026-08"


def test_a_withheld_share_prints_its_bounds_and_no_value():
    met = crises("north", months_of(), 40, met=1)
    blank = met.assign(
        attempt_result=met["attempt_result"].where(met.index % 4 != 0)
    )  # 10 of 40 blank: more than a tenth
    numbers = numbers_of(numbered(blank))
    card = re.search(r"<dt>Visits that met the person</dt>(.*?)</div>", statewide_page(numbers), flags=re.DOTALL)[1]
    told = said(f"<main>{card}")
    # 30 met of 30 known: 30 of 40 had none of the blanks met anyone, all 40 had they all
    assert "not given" in told
    assert "10 of 40 have no answer recorded" in told
    assert "75 to 100 of 100" in told
    assert "%" not in told


def test_another_clock_is_never_called_a_change():
    clocks = (a_clock(90, last="2026-06-30"), a_clock(60, first="2026-07-01"))
    # Everyone waits 80 minutes: in time until June, late from July on.
    numbers = numbers_of(numbered(crises("north", months_of(), 40, wait=80)), study=a_study(clocks=clocks))
    page = statewide_page(numbers)
    line = re.search(r"<li>(Reached in time: .*?)</li>", monthly.what_changed(numbers).text)[1]
    assert "the response clock is not the same in the two periods" in line
    assert not re.search(r"higher|lower", line)
    drawn = re.search(r'aria-label="(Line chart: Reached in time[^"]*)"', page)[1]
    assert "Measured differently within the span" in drawn
    assert "measured differently" in page


def test_a_change_beyond_chance_is_named_with_its_direction():
    numbers = numbers_of(numbered(crises("north", months_of()[:-1], 60), crises("north", ["2026-10"], 60, met=0.5)))
    # 90% from the first month on: the limits of a p chart of 60 are 0.9 ± 3 x sqrt(0.9 x 0.1 / 60) = 0.784 to 1.016
    line = re.search(r"<li>(Seen in person: .*?)</li>", statewide_page(numbers))[1]
    assert (
        "Seen in person: 30 of 60 (50%). That is below its usual range (78 to 100 of 100), by more than chance." in line
    )
    assert numbers.looked["in_person_share", "statewide"].kind == "concern"


def test_children_of_a_year_are_not_divided_by_its_months():
    """200 children who each come every month are 200 a month, not 200 / 12."""
    table = pd.concat([crises("north", [month], 50) for month in months_of()], ignore_index=True)
    same = table.assign(episode_id=pd.array(range(len(table)), dtype="Int64"), child_id=pd.array(table.groupby("counted_on").cumcount(), dtype="Int64"))  # fmt: skip
    line = cells(statewide_page(numbers_of(same)).partition("All figures, statewide")[2], "Children served")
    assert line[0] == "50"
    assert line[2] == ""


# --- nothing there ---------------------------------------------------------------------------------------------------


def test_a_site_without_any_episode_has_a_page(small):
    page = site_page(small, "empty")
    assert cells(page.partition("How much did we do?")[2], "Crisis episodes")[0] == "0"
    assert "Empty responded to 0 crises" in said(page)
    assert "No share can be shown here" in said(page)


def test_a_study_with_calls_alone_has_briefs_that_say_what_is_missing():
    calls = numbered(crises("north", months_of(), 40), crises("south", months_of(), 30))
    lacking = dict.fromkeys(("child_id", "recommended_mode", "response_mode", "attempt_result", "referral_source"))
    numbers = numbers_of(calls.assign(**lacking))
    text = said(statewide_page(numbers))
    assert "These data can't give:" in text
    for measure in (
        "children served",
        "seen in person",
        "visits that met the person",
        "who asked for help",
        "episodes per 1,000",
    ):
        assert f"{measure}" in text.partition("These data can't give:")[2]
    assert "teams responded to 70 crises" in text
    assert "visits made at once came in time" in text
    assert said(site_page(numbers, "north"))


def test_a_month_without_any_episode_is_a_zero_and_no_share():
    numbers = numbers_of(numbered(crises("north", months_of()[:-1], 40)))
    text = said(statewide_page(numbers))
    assert "In October 2026, no crisis was recorded." in text
    assert "no record from North" not in text  # of a service without any, no site is singled out
    assert cells(statewide_page(numbers).partition("All figures, statewide")[2], "Crisis episodes")[0] == "0"
    line = re.search(r"<li>(Seen in person: .*?)</li>", statewide_page(numbers))[1]
    assert line.startswith("Seen in person: not given. Nothing to measure.")
    assert "0%" not in line


@pytest.mark.parametrize(
    ("period", "when", "count"),
    [
        ("2026Q3", "In July to September 2026", "300"),  # 3 x 100
        ("SFY2026", "In fiscal year 2026", "1,200"),
        ("2026-09_2026-10", "In September to October 2026", "200"),
    ],
)
def test_a_quarter_a_fiscal_year_and_a_span_are_periods(period, when, count):
    numbers = numbers_of(numbered(crises("north", months_of(), 40), crises("south", months_of(), 60)), period)
    page = statewide_page(numbers)
    assert f"{when}, teams responded to {count} crises" in said(page)
    assert "too few earlier months" not in said(page)
    assert said(site_page(numbers, "north"))


def test_one_month_of_records_is_a_brief_without_comparison():
    numbers = numbers_of(numbered(crises("north", ["2026-10"], 40)), covers=("2026-10-01", "2026-10-31"))
    text = said(statewide_page(numbers))
    assert "too few earlier months" in text
    assert not re.search(r"(higher|lower) than before|about as before", text)


# --- the made-up state against plain pandas --------------------------------------------------------------------------


@pytest.fixture
def demo(demo_numbers) -> Numbers:
    return demo_numbers


@pytest.fixture(scope="module")
def october(demo_root) -> pd.DataFrame:
    episodes = pd.read_parquet(demo_root / "data" / "processed" / "demo" / "episodes.parquet")
    return episodes[episodes["counted_on"].between("2026-10-01", "2026-10-31")]


def test_the_number_of_crises_is_the_number_of_rows(demo, october):
    assert demo.row("episodes", demo.windows.now)["value"] == len(october)
    assert f"In October 2026, teams responded to {len(october):,} crises" in said(f"<main>{monthly.headline(demo)}")


def test_the_share_seen_in_person_is_plain_division(demo, october):
    in_person = ["mobile", "deferred_mobile"]
    asked = october[october["recommended_mode"].isin(in_person) & october["response_mode"].notna()]
    seen = int(asked["response_mode"].isin(in_person).sum())
    row = demo.row("in_person_share", demo.windows.now)
    assert (row["numerator"], row["denominator"]) == (seen, len(asked))
    assert row["value"] == pytest.approx(seen / len(asked), abs=1e-12)
    assert f"{seen} of {len(asked)} calls" in said(f"<main>{monthly.headline(demo)}")


def test_the_first_thing_to_look_at_is_said_and_asked_about_only_where_it_was_said_already(demo, monkeypatch):
    at_a_site = attention.Message(
        "seen", "Seen in person has got worse by more than chance at Llano Viejo.", "Why there?"
    )
    monkeypatch.setattr(monthly, "messages", lambda numbers: [at_a_site])
    first, second = monthly.takeaways(demo)
    assert second == at_a_site.said
    judged = first.rpartition("). ")[2]
    again = attention.Message("seen", f"Seen in person: 9 of 10 calls (90%). {judged}", "What was different?")
    monkeypatch.setattr(monthly, "messages", lambda numbers: [again])
    assert monthly.takeaways(demo) == (first, again.question)


def test_the_typical_wait_is_the_plain_median_and_in_time_its_plain_share(demo, october):
    at_once = october[october["response_mode"].eq("mobile")]
    real = at_once["requested_at_note"].eq("time") & at_once["arrived_at_note"].eq("time")
    minutes = ((at_once["arrived_at"] - at_once["requested_at"]).dt.total_seconds() / 60)[real]
    minutes = minutes[minutes.between(0, 24 * 60)]
    assert demo.row("response_minutes_median", demo.windows.now)["value"] == pytest.approx(minutes.median(), abs=1e-9)
    assert demo.row("response_minutes_p90", demo.windows.now)["value"] == pytest.approx(minutes.quantile(0.9), abs=1e-9)
    row = demo.row("response_in_time_share", demo.windows.now)
    assert (row["numerator"], row["denominator"]) == (int((minutes <= 60).sum()), len(minutes))


# --- the pages as files ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[*DEMO_BRIEFS, "outputs/demo/briefs/index.html"])
def file(request, demo_workspace):
    return demo_workspace / request.param


def test_a_page_is_small_titled_once_marked_made_up_and_asks_the_network_for_nothing(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.encode()) < 400_000
    assert text.count("<h1") == 1
    assert "Made-up data" in said(text)
    loading = re.findall(r'<(?!a\b)\w+[^>]*\s(?:src|href|srcset|xlink:href)="(?!#|data:)[^"]*"', text)
    assert loading == []
    assert not re.search(r"@import|<script|<link|<iframe|url\(\s*['\"]?http", text)
    check_page(text)


def test_every_picture_has_words_of_its_own(file):
    text = file.read_text(encoding="utf-8")
    figures = re.findall(r"<figure\b.*?</figure>", text, flags=re.DOTALL)
    spoken = [html.unescape(re.search(r'<svg[^>]*aria-label="([^"]*)"', each)[1]) for each in figures]
    captions = [html.unescape(re.search(r"<figcaption>(.*?)</figcaption>", each)[1]) for each in figures]
    assert len(set(spoken)) == len(spoken)
    assert all(0 < len(words) <= 250 for words in spoken)
    assert not set(spoken) & set(captions)


def test_no_file_that_may_be_sent_holds_a_small_count(demo_workspace):
    cards = read_cards(params.study("demo")).cards
    hide, rates = (
        {name: card.hide for name, card in cards.items()},
        [n for n, card in cards.items() if card.unit == "rate"],
    )
    files = sorted((demo_workspace / "outputs" / "demo" / "tables").rglob("measures.csv"))
    assert len(files) == 2  # the state's and the site's
    for path in files:
        table = pd.read_csv(path)
        counts = table["measure"].isin(["episodes", "children_served"])
        assert not table.loc[counts, "numerator"].between(1, 10).any()
        of_children = table["measure"].map(hide).ne("none") & ~table["measure"].isin(rates)
        assert of_children.sum() > 500
        assert not table.loc[of_children, "denominator"].between(1, 10).any()
        assert table.loc[table["hidden"], ["numerator", "denominator", "value"]].isna().all(axis=None)


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(demo_workspace, tmp_path):
    """Briefs, tables and index, from the same tables and params, with nothing kept from the first build."""
    again = tmp_path / "again"
    shutil.copytree(demo_workspace, again, ignore=shutil.ignore_patterns("outputs", "__pycache__"))
    build_briefs(again, DEMO_BRIEFS[::-1])
    made = {}
    for root in (demo_workspace, again):
        found = [
            path for kind in ("briefs", "tables") for path in sorted((root / "outputs" / "demo" / kind).rglob("*.*"))
        ]
        made[root] = {path.relative_to(root).as_posix(): path.read_bytes() for path in found if path.is_file()}
    assert made[demo_workspace].keys() == made[again].keys()
    assert [name for name, content in made[again].items() if made[demo_workspace][name] != content] == []
    assert len(made[again]) >= len(DEMO_BRIEFS) + 3


# --- reliable change -----------------------------------------------------------------------------------------------------


def with_ratings(
    numbers: Numbers, measure: str, better: int, rated: int, stays: int, *, hidden: bool = False
) -> Numbers:
    """The numbers with a year of one share of reliable change and of its completion."""
    year = numbers.windows.year
    like = numbers.shown[numbers.shown["measure"].eq("contact_share") & numbers.shown["period"].eq(year.name)]
    like = like[like["site_id"].eq("statewide")].assign(hidden=False, why_missing="", not_measurable=0)
    own = like.assign(measure=measure, numerator=better, denominator=float(rated), value=better / rated, hidden=hidden)
    all_stays = like.assign(
        measure="rated_twice_parent_share", numerator=rated, denominator=float(stays), value=rated / stays
    )
    return replace(numbers, shown=pd.concat([numbers.shown, own, all_stays], ignore_index=True))


def test_a_share_of_reliable_change_stands_beside_chance_its_limit_and_how_many_were_rated(small):
    numbers = with_ratings(small, "problems_better_parent_share", 60, 150, 400)
    page = questions.three_questions(numbers).text
    # 1.96 x 14 x sqrt(2 x 0.15) = 15.0 points, beyond which 2.5 of 100 unchanged children come
    head = "Problem Severity better by more than noise, parent (15.0 points or more, an illustrative limit; rated twice: 150 of 400 stays (37.5%))"
    assert cells(page, head)[-2] == "by chance alone 2.5%"


def test_the_limit_and_the_chance_are_those_of_the_scale(small):
    scales = dict(small.cards.scales)
    read = scales["ohio_problems"].model_copy(update={"rule": "points", "points": 10.0, "illustrative": False})
    numbers = with_ratings(small, "problems_better_parent_share", 60, 150, 400)
    numbers = replace(numbers, cards=numbers.cards.model_copy(update={"scales": {**scales, "ohio_problems": read}}))
    page = questions.three_questions(numbers).text
    assert "illustrative" not in page
    head = "Problem Severity better by more than noise, parent (10.0 points or more; rated twice: 150 of 400 stays (37.5%))"
    assert cells(page, head)[-2] == "by chance alone 9.6%"


def test_how_many_were_rated_twice_is_not_worked_out_from_a_hidden_figure(small):
    numbers = with_ratings(small, "problems_better_parent_share", 4, 150, 400, hidden=True)
    page = questions.three_questions(numbers).text
    assert "how many were rated twice can’t be shown" in page
    assert "150 of 400 stays" not in page
