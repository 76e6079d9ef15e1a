"""Who of the service's own children is found in Medicaid's records, by site and by insurance, and what it means not to be found."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import add_up_small
from analysis.intervals import wilson
from analysis.params import disclosure
from analysis.tables import INSURANCES

NOT_RECORDED = "not recorded"
CELLS = ["found", "not_found", "medicaid_found", "medicaid_not_found", "other_found", "other_not_found"]


def served(linked: Linked) -> pd.DataFrame:
    """One row per child of the service: child_id, site_id (of the first episode), insurance (the last one recorded), found.

    Episodes that name no child are left out: nobody can look for them.
    """
    episodes = linked.tables.episodes.dropna(subset=["child_id"]).sort_values(
        ["counted_on", "episode_id"], kind="stable"
    )
    by_child = episodes.groupby("child_id", sort=True)
    return by_child.agg(
        site_id=("site_id", "first"), insurance=("insurance", "last"), found=("found", "max")
    ).reset_index()


def by_site_counts(children: pd.DataFrame) -> pd.DataFrame:
    """One row per site, every cell that a reader sees or can work out. Takes what `served` gives."""
    medicaid = children["insurance"].eq("medicaid").fillna(False).astype(bool)
    found = children["found"].astype(bool)
    cells = {
        "found": found, "not_found": ~found, "medicaid_found": medicaid & found, "medicaid_not_found": medicaid & ~found,
        "other_found": ~medicaid & found, "other_not_found": ~medicaid & ~found,
    }  # fmt: skip
    return pd.DataFrame(cells).groupby(children["site_id"]).sum().astype(int)


def in_words(linked: Linked) -> Html:
    """How many of the service's children are found, and of those with Medicaid by the service's own record."""
    if linked.tables is None:
        return Html("")
    counts = by_site_counts(served(linked))
    if not add_up_small(counts.sum().to_frame("all").T, smallest=disclosure().smallest_shown):
        return markup.paragraph("Too few children to show how many are found in Medicaid’s records.")
    total = counts.sum()
    children, medicaid = total["found"] + total["not_found"], total["medicaid_found"] + total["medicaid_not_found"]
    said = f"{_share(total['found'], children)} of the service’s children are found in Medicaid’s records."
    if medicaid:
        said += (
            f" Of those with Medicaid by the service’s own record it is {_share(total['medicaid_found'], medicaid)}. "
            f"For the other {markup.number(total['medicaid_not_found'])}, that record is wrong or the search missed them."
        )
    means = (
        "A child who is not found has no place in the study: nobody can see that child’s visits and stays. "
        "If such children differ from the others, the study speaks for the others alone."
    )
    return markup.together(markup.paragraph(said), markup.paragraph(means))


def _share(count: int, n: int) -> str:
    return f"{markup.x_of_n(int(count), int(n))} ({markup.percent(count / n, n)})"


def by_site(linked: Linked) -> Html:
    """The share found by site, with its range; small sites added up."""
    if linked.tables is None:
        return Html("")
    names = dict(zip(linked.tables.sites["site_id"], linked.tables.sites["name"], strict=True))
    counts = by_site_counts(served(linked))
    counts = counts.loc[sorted(counts.index, key=lambda site: names.get(site, site))]
    groups = add_up_small(counts, smallest=disclosure().smallest_shown)
    if not groups:
        return Html("")
    asked = counts[["medicaid_found", "medicaid_not_found"]].to_numpy().sum() > 0
    rows = [(", ".join(names.get(site, site) for site in sites), *_cells(row, asked)) for sites, row in groups]
    rows.append(("All together", *_cells(counts.sum(), asked)))
    heads = ["Children", "Found, of all", "95% range, of all"]
    heads += ["With Medicaid on the record", "Found, of these", "95% range, of these"] if asked else []
    place = "Site" if linked.study.place == "site" else "Place"
    table = markup.table(
        rows, caption="Children of the service found in Medicaid’s records", headers=[place, *heads], numeric=heads
    )
    note = "A child counts at the site of the first crisis, and with the insurance that was recorded last. "
    note += (
        f"{place}s with a small count are added up in one line." if any(len(sites) > 1 for sites, _ in groups) else ""
    )
    return markup.together(table, Html(f'<p class="note">{markup.escaped(note.strip())}</p>'))


def _cells(row: pd.Series, asked: bool) -> list[str]:
    pairs = [("found", "not_found"), ("medicaid_found", "medicaid_not_found")] if asked else [("found", "not_found")]
    cells = []
    for yes, no in pairs:
        n = int(row[yes] + row[no])
        if not n:
            cells += ["0", "", ""]
            continue
        ends = wilson(row[yes], n, confidence=0.95)
        cells += [
            markup.number(n),
            markup.percent(row[yes] / n, n),
            markup.interval(float(ends.low), float(ends.high), "share", around=row[yes] / n),
        ]
    return cells


def by_insurance_groups(linked: Linked) -> list[tuple[tuple[str, ...], pd.Series]]:
    """The service's children by the insurance on its record, found and not; small groups added up. None where it may not be shown.

    Takes codes of INSURANCES, and NOT_RECORDED.
    """
    if "insurance" in linked.study.ask_before or linked.tables.episodes["insurance"].isna().all():
        return []
    children = served(linked)
    known = children["insurance"].astype("object").where(children["insurance"].notna(), NOT_RECORDED)
    counts = pd.crosstab(known, children["found"].astype(bool)).reindex(columns=[True, False], fill_value=0)
    counts = counts.reindex([name for name in (*INSURANCES, NOT_RECORDED) if name in counts.index])
    return add_up_small(counts, smallest=disclosure().smallest_shown)


def by_insurance(linked: Linked) -> Html:
    """The service's children by the insurance on its record, and how many of each are found."""
    groups = by_insurance_groups(linked) if linked.tables is not None else []
    if not groups:
        return Html("")
    rows = [
        (
            wording.first_up(", ".join(INSURANCES.get(name, name) for name in names)),
            markup.number(row.sum()),
            _share(row.iloc[0], row.sum()),
        )
        for names, row in groups
    ]
    heads = ["Children", "Found in Medicaid’s records"]
    return markup.table(
        rows,
        caption="Children of the service, by the insurance on its record",
        headers=["Insurance", *heads],
        numeric=heads,
    )
