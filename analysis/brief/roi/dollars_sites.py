"""What a response costs by site and by month: behind page one of the dollars brief, small sites added up."""

import pandas as pd

from analysis.brief import figures, markup
from analysis.brief.markup import Html
from analysis.brief.roi.dollars import NEEDS_COST, Dollars, still_filling, usd
from analysis.params import disclosure
from analysis.savings.program import count_cost_per_response

OTHERS = "all other sites together"
FEW_TIMES = 10  # a site is told apart from so many times the smallest number shown on (working rule)


def by_site(dollars: Dollars) -> Html:
    """The cost of a response by site over the last twelve months with a cost; small sites added up."""
    if not dollars.has_cost:
        return NEEDS_COST
    recent = dollars.recent
    names = dict(zip(dollars.accrual.sites["site_id"], dollars.accrual.sites["name"], strict=True))
    groups = count_cost_per_response(recent.assign(site_id=_pooled_sites(recent)), by=["site_id"])
    lines = [
        (names.get(row.site_id, row.site_id), markup.number(row.responses), usd(row.capacity_usd), *_average(row))
        for row in sorted(
            groups.itertuples(), key=lambda row: (row.site_id not in names, names.get(row.site_id, row.site_id))
        )
    ]
    heads = ["Responses", "Teams", "A response, on average", "One more"]
    note = "Teams stand ready whatever the number of calls: where few call, each response carries more of that cost. A high figure is no verdict on the team."
    if OTHERS in set(groups["site_id"]):
        note = f"{note} Sites with fewer than {FEW_TIMES * disclosure().smallest_shown} responses are added up."
    return markup.together(
        markup.table(
            lines,
            caption=f"Cost of a response by site, last {dollars.recent_words}, without the call center",
            headers=["Site", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{note}</p>'),
    )


def _average(row) -> tuple[str, str]:
    return tuple(usd(value) if pd.notna(value) else "no response" for value in (row.average_usd, row.one_more_usd))


def _pooled_sites(months: pd.DataFrame) -> pd.Series:
    """The site of each row, or one name for all sites that are not large; with the next smallest where they are one alone, or few.

    A monthly brief of nearly the same months hides some sites to cover smaller ones. What is told here of a site that it hides would
    give those away, so no site is told apart that is within reach of such a cover.

    >>> rows = pd.DataFrame({"site_id": ["a", "b", "c", "d"], "responses": [3, 48, 55, 678]})
    >>> _pooled_sites(rows).tolist()
    ['all other sites together', 'all other sites together', 'all other sites together', 'd']
    """
    smallest = disclosure().smallest_shown
    size = months.groupby("site_id")["responses"].sum().sort_values(kind="stable")
    pooled = set(size[size.between(1, FEW_TIMES * smallest - 1)].index)
    while pooled and (len(pooled) < 2 or size[list(pooled)].sum() < smallest) and len(pooled) < len(size):
        pooled.add(size.drop(list(pooled)).index[0])
    return months["site_id"].where(~months["site_id"].isin(pooled), OTHERS)


def by_month(dollars: Dollars) -> Html:
    """The average cost of a response by month, statewide."""
    if not dollars.has_cost:
        return Html("")
    months = count_cost_per_response(dollars.months[dollars.months["capacity_usd"].notna()], by=["month"])
    few = months["responses"].between(1, disclosure().smallest_shown - 1)
    young = months["month"].astype(str).isin(dollars.young)
    points = pd.DataFrame(
        {
            "label": months["month"].dt.strftime("%b\n%Y"),
            "value": months["average_usd"].mask(few),
            "low": float("nan"),
            "high": float("nan"),
            "state": [figures.HIDDEN if hidden else figures.NO_RECORDS if pd.isna(value) else figures.INCOMPLETE if late else figures.COMPLETE for hidden, value, late in zip(few, months["average_usd"], young, strict=True)],
            "note": ["still filling" if late else "" for late in young],
            "definition": "",
        }
    )  # fmt: skip
    drawing = figures.draw_months(
        points, unit="count", title="Cost of a response in dollars, by month", place=dollars.accrual.study.title
    )
    note = "Teams and responses; without call center and start-up. Months with few calls cost more each: the teams stand ready all the same."
    if young.any():
        note = f"{note} Hollow: {still_filling(dollars)}"
    return markup.figure(
        drawing.svg, alt=drawing.alt, caption="Cost of a response, dollars, by month", note=note, name="cost"
    )


def by_site_and_month(dollars: Dollars) -> Html:
    """The average cost of a response by site and month; sites with a small month are added up, in every month."""
    if not dollars.has_cost:
        return Html("")
    recent = dollars.recent[dollars.recent["capacity_usd"].notna()]
    least = recent.groupby("site_id")["responses"].min()
    large = recent.loc[_pooled_sites(recent).ne(OTHERS), "site_id"].unique()
    shown = least[least.ge(disclosure().smallest_shown) & least.index.isin(large)].index
    rest = recent[~recent["site_id"].isin(shown)].groupby("month")["responses"].sum()
    if shown.empty or rest.between(1, disclosure().smallest_shown - 1).any():
        return markup.paragraph("By site and month: too few responses to show.")
    together = recent.assign(site_id=recent["site_id"].where(recent["site_id"].isin(shown), OTHERS))
    wide = count_cost_per_response(together, by=["month", "site_id"]).pivot_table(
        values="average_usd", index="month", columns="site_id"
    )
    names = dict(zip(dollars.accrual.sites["site_id"], dollars.accrual.sites["name"], strict=True))
    order = sorted(wide.columns, key=lambda site: (site == OTHERS, names.get(site, site)))
    heads, young = [names.get(site, site) for site in order], dollars.young
    lines = [
        (
            f"{month.strftime('%b %Y')}{' (still filling)' if str(month) in young else ''}",
            *(usd(value) if pd.notna(value) else "" for value in row[order]),
        )
        for month, row in wide.iterrows()
    ]
    table = markup.table(
        lines,
        caption="Cost of a response by month and site, without the call center",
        headers=["Month", *heads],
        numeric=heads,
    )
    late = still_filling(dollars)
    return markup.details(
        "By month and site",
        markup.together(table, Html(f'<p class="note">{markup.escaped(late)}</p>') if late else Html("")),
    )
