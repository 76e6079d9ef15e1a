"""How long a family waited: Kaplan-Meier curves of the time to arrival, stood-down calls censored, periods compared by log-rank."""

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test

from analysis.quality.charts.records import LOG_RANK, NO_FACET, Chart
from analysis.quality.charts.subgroups import check_columns, numbers

CONFIDENCE = 0.95


def kaplan_meier(table: pd.DataFrame, *, minutes: str, arrived: str, facet: str | None = None) -> Chart:
    """One row per response in: `minutes` to arrival or to being stood down, `arrived` true or false, and the period (`facet`).

    A call that was stood down was waiting until then and tells no more: leaving it out would make the service look faster, counting
    it as a wait would make it look slower. Kaplan and Meier 1958, JASA 53:457-481; intervals by Greenwood on the log-log scale.
    Rows without minutes are left out and counted in `notes`.

    `points` has one row per facet and time (facet, order, x minutes, y share arrived by then, lower, upper, at_risk, arrived,
    stood_down, signal ""); `sections` one per facet (facet, responses, arrived, median: missing where fewer than half arrived).
    `figures` has chi2 and p of the log-rank test, where there are two facets or more.

    >>> waits = pd.DataFrame({"minutes": [10, 20, 30, 40], "arrived": [True, False, True, True]})
    >>> kaplan_meier(waits, minutes="minutes", arrived="arrived").points["y"].round(3).tolist()     # 1 - 3/4 x 1/2
    [0.0, 0.25, 0.25, 0.625, 1.0]
    """
    check_columns(table, minutes, arrived, facet)
    rows = pd.DataFrame({"minutes": numbers(table, minutes), "arrived": table[arrived].to_numpy()})
    rows["facet"] = table[facet].astype(str).to_numpy() if facet else NO_FACET
    blank = int(rows["minutes"].isna().sum())
    rows = rows[rows["minutes"].notna()]
    if len(rows) == 0:
        raise ValueError(f'No response has minutes in "{minutes}": there is nothing to chart.')
    if (rows["minutes"] < 0).any() or rows["arrived"].isna().any():
        raise ValueError(
            f'Minutes in "{minutes}" are 0 or more, and "{arrived}" says true or false for each response. Correct the table.'
        )
    rows["arrived"] = rows["arrived"].astype(bool)
    groups = list(rows.groupby("facet", sort=True))
    fitted = [_curve(name, group) for name, group in groups]
    figures = {}
    if len(groups) > 1 and rows["arrived"].any():
        test = multivariate_logrank_test(rows["minutes"], rows["facet"], rows["arrived"])
        figures = {
            "chi2": float(test.test_statistic),
            "p": float(test.p_value),
            "degrees_of_freedom": float(len(groups) - 1),
        }
    return Chart(
        kind="kaplan_meier",
        points=pd.concat([points for points, _ in fitted]).reset_index(drop=True),
        sections=pd.DataFrame([section for _, section in fitted]),
        rule_set=LOG_RANK,
        baseline="every response",
        n_points=len(rows),
        screened=False,
        figures=figures,
        notes=(f"{blank} responses without minutes are left out.",) if blank else (),
    )


def _curve(name: str, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """The curve of one period, and its line in `sections`."""
    model = KaplanMeierFitter(alpha=1 - CONFIDENCE).fit(rows["minutes"], rows["arrived"])
    table = model.event_table
    waiting = model.survival_function_.iloc[:, 0].reindex(table.index)
    interval = model.confidence_interval_.reindex(table.index)
    points = pd.DataFrame(
        {
            "facet": name,
            "order": np.arange(1, len(table) + 1),
            "x": table.index.to_numpy(dtype=float),
            "y": 1 - waiting.to_numpy(),
            "lower": 1 - interval.iloc[:, 1].to_numpy(),
            "upper": 1 - interval.iloc[:, 0].to_numpy(),
            "at_risk": table["at_risk"].to_numpy(dtype=int),
            "arrived": table["observed"].to_numpy(dtype=int),
            "stood_down": table["censored"].to_numpy(dtype=int),
            "signal": "",
        }
    )
    half = points.loc[points["y"] >= 0.5, "x"]
    section = {
        "facet": name,
        "responses": len(rows),
        "arrived": int(rows["arrived"].sum()),
        "median": float(half.iloc[0]) if len(half) else np.nan,
    }
    return points, section
