"""One site's own worklist: its episodes that lack something. Inside only; it is written below runs/ and nowhere else.

python -m analysis.brief.meeting.worklist STUDY SITE [PERIOD] writes outputs/<study>/runs/<period>/<site>/worklist.csv and .html.
"""

import csv
import os
import sys
from io import StringIO
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.meeting.promises import Collaborative, read_collaborative
from analysis.brief.meeting.referrers import who_called
from analysis.brief.meeting.sources import open_table
from analysis.brief.meeting.unfinished import COLUMNS, CONTACT, SiteRecords, not_checked, unfinished
from analysis.brief.numbers import covered_days
from analysis.brief.press.pages import shell
from analysis.brief.small_counts.shareable import FORMULA_STARTS
from analysis.params import ROOT, ParamsError, did_you_mean
from analysis.periods import Period, last_complete_month, period
from analysis.quality.cards import choices_for, read_cards
from analysis.quality.rows import of_episodes
from analysis.tables import RESPONSE_MODES

INSIDE = "Inside only: about children. Do not send."
MONTHS = 12  # of records whose gaps are listed; stays that are open too long are listed however old
ON_PAGE = 40  # lines of the page; the rest stands in the table


def read_records(study: params.Study, site: str, upto: Period, *, root: Path = ROOT) -> SiteRecords:
    """The site's records up to the last day of the period: those of twelve months, and every stay that is still open."""
    episodes, as_of = open_table(study.name, "episodes", root=root), covered_days(study, root=root)[1]
    contacts = open_table(study.name, "contacts", root=root)
    # The months in which the site sent contacts are told by all of them, also those of episodes that are older than the list.
    log = None if contacts is None else of_episodes({"episodes": episodes, "contacts": contacts}, "contacts")
    beside = {} if log is None else {"contacts": log[log["site_id"].eq(site)].reset_index(drop=True)}
    card = read_cards(study, root=root).cards[CONTACT]
    own = episodes[episodes["site_id"].eq(site) & episodes["counted_on"].le(upto.to_on)]
    still = own["enrolled_on"].notna() & own["discharged_on"].isna()
    recorded = frozenset(name for name in episodes if episodes[name].notna().any())
    own = (
        own[still | own["counted_on"].ge(upto.ending(MONTHS).from_on)].sort_values("episode_id").reset_index(drop=True)
    )
    choices = choices_for(card, study, beside=beside, last_on=as_of)
    return SiteRecords(own, open_table(study.name, "scales", root=root), recorded, choices)


def write_worklist(study_name: str, site: str, period_name: str = "", *, root: Path = ROOT) -> tuple[Path, Path]:
    """Write the site's worklist as a table and a page; their paths. A mistake is one sentence (ParamsError)."""
    study = params.study(study_name, root=root)
    sites = open_table(study.name, "sites", root=root)
    if sites is None:
        raise ParamsError(f"There are no tables of {study.name} yet. Run make data STUDY={study.name} first.")
    ours = sorted(sites.loc[sites["has_scorecard"].astype(bool), "site_id"])
    if site not in ours:
        found = f'"{site}" is not one{did_you_mean(site, ours)}' if site else "none was named"
        raise ParamsError(
            f"A worklist is one site's own, and {found}. Name it: make worklist SITE={ours[0]}. Sites: {', '.join(ours)}."
        )
    rules = read_collaborative(study.name, sites["site_id"].tolist(), root=root)
    upto = _period(study, period_name, root)
    records = read_records(study, site, upto, root=root)
    lines = unfinished(records)
    folder = root / "outputs" / study.name / "runs" / upto.name / site
    folder.mkdir(parents=True, exist_ok=True)
    name = sites.set_index("site_id")["name"][site]
    episodes = open_table(study.name, "episodes", root=root)
    called = who_called(episodes[episodes["site_id"].eq(site)], upto)
    body = markup.together(page(study, name, site, upto, records, lines, rules), called)
    paths = folder / "worklist.csv", folder / "worklist.html"
    _put(paths[0], table_text(lines))
    _put(paths[1], shell(body.text, name=paths[1].relative_to(root).as_posix()))
    return paths


def _period(study: params.Study, name: str, root: Path) -> Period:
    first, last = covered_days(study, root=root)
    try:
        chosen = study.period(name) if name else period(str(last_complete_month(last)))
    except ValueError as error:
        raise ParamsError(str(error)) from None
    if chosen.to_on < first or chosen.from_on > last:
        raise ParamsError(
            f"The extract of {study.name} holds {first:%Y-%m-%d} to {last:%Y-%m-%d}, nothing of {chosen.words}. Name a PERIOD inside it."
        )
    return chosen


def table_text(lines: pd.DataFrame) -> str:
    """The table as text: the sentence that keeps it inside, the headers, one line a gap."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([INSIDE])
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in row] for row in lines[COLUMNS].itertuples(index=False))
    return file.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    said = str(value)
    return f"'{said}" if said.startswith(FORMULA_STARTS) else said


def page(
    study: params.Study,
    name: str,
    site: str,
    upto: Period,
    records: SiteRecords,
    lines: pd.DataFrame,
    rules: Collaborative,
) -> Html:
    """The worklist as a page: how many of what, the oldest first, what the site promised, what was not looked at."""
    made_up = [markup.notice(study.made_up)] if study.made_up else []
    what = lines["missing"].str.replace(r" \(.*\)", "", regex=True)
    kinds = what.groupby([lines["do"], what], sort=False).size()
    summary = [(missing, do, int(count)) for (do, missing), count in kinds.items()]
    promised = [
        (each.promise, each.owner_role, f"{each.due_on}" if each.due_on else "no day was set")
        for each in rules.promises
        if each.site == site and each.done != "yes" and each.meeting <= str(upto.last)
    ]
    parts = [
        markup.headline(f"Worklist of {name}", level=1),
        markup.notice(INSIDE),
        *made_up,
        markup.paragraph(f"Records of the {MONTHS} months to {upto.words}, as they stood on {records.as_of:%Y-%m-%d}."),
    ]
    if lines.empty:
        parts.append(markup.paragraph("Nothing is missing in what was looked at."))
    else:
        heads = ["Missing", "Do", "Records"]
        parts += [markup.table(summary, caption="What is missing", headers=heads, numeric=heads[2:]), _oldest(lines)]
    if promised:
        parts.append(markup.table(promised, caption="What this site promised", headers=["Promise", "Who", "By when"]))
    limits = [
        f"Limit of a stay that begins now{_of_modes(each)}: {each.days} days. Source: {each.source}."
        for each in study.limits_on(records.as_of.date())
    ]
    if notes := [*not_checked(records), *limits]:
        parts.append(markup.list_of(notes))
    return markup.together(*parts)


def _of_modes(limit: params.StayLimit) -> str:
    responses = wording.and_list([RESPONSE_MODES[mode] for mode in limit.modes]) if limit.modes else ""
    return f" (first response: {responses})" if responses else ""


def _oldest(lines: pd.DataFrame) -> Html:
    shown = lines.head(ON_PAGE)
    rows = [
        (
            f"{row.episode_id}",
            f"{row.file}, line {row.row_number}",
            _cell(row.crisis_on),
            row.missing,
            _cell(row.since),
            row.do,
        )
        for row in shown.itertuples(index=False)
    ]
    headers = ["Episode", "Raw file", "Crisis on", "Missing", "Since", "Do"]
    rest = f" The other {len(lines) - len(shown)} stand in worklist.csv." if len(lines) > len(shown) else ""
    note = f"The episode’s number is the one of data/processed; the raw file and line find the record itself.{rest}"
    return markup.together(
        markup.table(rows, caption="Which records, the oldest of each kind first", headers=headers),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _put(path: Path, text: str) -> None:
    """The file is complete or absent."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def main(arguments: list[str]) -> int:
    """Exit status 0, or 1 with one sentence."""
    study, site, chosen = [*arguments, "", "", ""][:3]
    try:
        paths = write_worklist(study, site, chosen)
    except ParamsError as error:
        print(error, file=sys.stderr)
        return 1
    for path in paths:
        print(path.relative_to(ROOT).as_posix())
    print(INSIDE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
