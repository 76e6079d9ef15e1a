"""Which sites differ from the others over the year by more than chance: the points of a funnel, judged."""

import pandas as pd

from analysis.brief.numbers import Numbers
from analysis.quality.charts import chart
from analysis.quality.charts.records import Chart

FEWEST_SITES = 5  # a funnel of fewer has no spread to speak of
LIMITS = {95: "95", 99: "99.8"}
BEYOND = LIMITS[99]  # the limit beyond which a site is said to differ


def year_by_site(numbers: Numbers, measure: str) -> pd.DataFrame:
    """One row per site whose year may be shown: site_id, name, numerator, denominator."""
    rows = [
        (site.site_id, site.name, numbers.row(measure, numbers.windows.year, site=site.site_id))
        for site in numbers.pages.itertuples(index=False)
    ]
    given = [
        (site_id, name, float(row["numerator"]), float(row["denominator"]))
        for site_id, name, row in rows
        if row is not None and pd.notna(row["value"]) and row["denominator"] > 0
    ]
    return pd.DataFrame(given, columns=["site_id", "name", "numerator", "denominator"])


def judged(rows: pd.DataFrame) -> tuple[pd.DataFrame, Chart]:
    """The rows with n, value, `outside`, `by_chance` and `side`; and the wider funnel.

    `outside` is "95", "99.8" or "": beyond limits that allow for sites that differ as much as these do. `by_chance` is True beyond
    99.8% limits of chance alone. `side` is 1 above the sites together, -1 below.
    """
    drawn = {
        limit: chart("funnel", rows, numerator="numerator", denominator="denominator", group="name", data_type="PR", limit=limit)
        for limit in LIMITS
    }  # fmt: skip
    outside = pd.Series("", index=rows["name"])
    for limit, words in LIMITS.items():
        flagged = drawn[limit].points.set_index("facet")["signal"].ne("")
        outside = outside.mask(flagged.reindex(outside.index), words)
    plain = chart(
        "funnel", rows, numerator="numerator", denominator="denominator", group="name", data_type="PR", limit=99, adjusted=False
    )  # fmt: skip
    beyond_chance = plain.points.set_index("facet")["signal"].ne("").reindex(outside.index)
    value = rows["numerator"] / rows["denominator"]
    above = value.gt(float(drawn[99].figures["target"])).map({True: 1, False: -1})
    sites = rows.assign(
        n=rows["denominator"], value=value, outside=outside.to_numpy(), by_chance=beyond_chance.to_numpy(), side=above
    )
    return sites, drawn[99]


def behind(numbers: Numbers, measure: str) -> list[str]:
    """Names of the sites that lie beyond the funnel on the side that is not good; none where too few can be shown.

    Takes a share with a good direction.
    """
    rows = year_by_site(numbers, measure)
    if len(rows) < FEWEST_SITES:
        return []
    sites, _ = judged(rows)
    bad = -1 if numbers.cards.cards[measure].better == "higher" else 1
    return sites.loc[sites["outside"].eq(BEYOND) & sites["side"].eq(bad), "name"].tolist()
