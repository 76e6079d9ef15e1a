"""The schools and others that called a site, by name: for the site's own eyes, on its worklist alone."""

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.periods import Period
from analysis.tables import REFERRAL_SOURCES

MONTHS = 12


def referrers(episodes: pd.DataFrame, upto: Period) -> pd.DataFrame:
    """One row per referrer: who, name, before (calls of the twelve months before), now (of the last twelve), last_on.

    Takes one site's episodes. Names that differ in capitals and blanks alone are one, written as most often. Those that called before and
    have stopped come first, then those that call most.
    """
    now = upto.ending(MONTHS)
    before = now.before(MONTHS)
    named = episodes.dropna(subset=["referrer"])
    named = named[named["counted_on"].between(before.from_on, now.to_on)]
    same = named["referrer"].str.split().str.join(" ")
    rows = named.assign(written=same, folded=same.str.casefold(), recent=named["counted_on"].ge(now.from_on))
    by_name = rows.groupby(["referral_source", "folded"], dropna=False, sort=True)
    table = by_name.agg(
        name=("written", lambda spelled: spelled.mode().iloc[0]),
        now=("recent", "sum"),
        calls=("recent", "size"),
        last_on=("counted_on", "max"),
    ).reset_index()
    table["before"] = table["calls"] - table["now"]
    table["stopped"] = table["now"].eq(0)
    table = table.sort_values(["stopped", "calls", "folded"], ascending=[False, False, True], ignore_index=True)
    return table.rename(columns={"referral_source": "who"})[["who", "name", "before", "now", "last_on"]]


def who_called(episodes: pd.DataFrame, upto: Period) -> Html:
    """The referrers as a table of the worklist; a sentence where the records name none."""
    if "referrer" not in episodes or episodes["referrer"].isna().all():
        return markup.paragraph("The records do not name the schools that call (referrer), so none can be listed.")
    found = referrers(episodes, upto)
    rows = [
        (row.name, REFERRAL_SOURCES.get(row.who, ""), markup.number(row.before), markup.number(row.now), f"{row.last_on:%Y-%m-%d}")
        for row in found.itertuples(index=False)
    ]  # fmt: skip
    heads = ["The 12 months before", f"The {MONTHS} months to {upto.words}"]
    return markup.table(
        rows,
        caption="Who called, by name: those that have stopped first",
        headers=["Name", "Who", *heads, "Last call"],
        numeric=heads,
    )
