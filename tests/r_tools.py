"""qic, ptd_spc, funnel_plot, runcharter, bchart and coef(glm) by our charts: their arguments under our names, their quirks on.

Each takes a parsed call, the table that it speaks of and whether moving ranges are screened, and gives the tree that is graded.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from statsmodels.genmod.families import Poisson

from analysis.quality.charts import chart
from tests.r_calls import Call, Name, columns_of, is_table, value, whole

# Options that change how a chart looks and nothing that is graded.
LOOKS = {
    "qic": {
        "title", "main", "ylab", "xlab", "subtitle", "caption", "notes", "part.labels", "nrow", "ncol", "scales", "show.labels", "show.95",
        "show.linelabels", "decimals", "digits", "point.size", "x.format", "x.angle", "x.pad", "y.expand", "y.percent",
        "y.percent.accuracy", "show.grid", "flip", "strip.horizontal", "print.summary", "return.data", "x.order"},
    "ptd_spc": set(),
    "funnel_plot": {"title", "label", "x_label", "y_label", "y_range", "plot_cols", "theme", "max.overlaps", "SHMI_rounding"},
    "runcharter": {"facet_cols", "chart_title", "chart_subtitle", "chart_caption", "chart_breaks", "line_colr", "point_colr", "median_colr", "highlight_fill"},
    "bchart": {"title", "ylab", "xlab"},
}  # fmt: skip
ORDER = {
    "qic": ["x", "y", "n", "data", "facets", "notes", "chart", "agg.fun", "method", "multiply", "freeze", "part", "exclude", "target", "cl"],
    "ptd_spc": [".data", "value_field", "date_field", "facet_field", "rebase", "fix_after_n_points", "improvement_direction", "target", "trajectory", "screen_outliers"],
    "funnel_plot": [".data", "numerator", "denominator", "group", "data_type", "limit", "label", "highlight", "draw_unadjusted", "draw_adjusted", "sr_method", "trim_by"],
    "runcharter": ["df", "med_rows", "runlength", "direction", "datecol", "grpvar", "yval"],
    "bchart": ["x", "target", "or", "limit"],
}  # fmt: skip
ALSO = {
    "qic": {"x.period", "y.neg"},
    "ptd_spc": set(),
    "funnel_plot": {"multiplier", "x_range"},
    "runcharter": set(),
    "bchart": set(),
}
QIC_KINDS = {"run": "run", "i": "i", "mr": "mr", "ip": "i_prime", "i'": "i_prime", "xbar": "xbar", "s": "s", "t": "t", "p": "p", "pp": "p_prime", "p'": "p_prime", "c": "c", "u": "u", "up": "u_prime", "u'": "u_prime", "g": "g"}  # fmt: skip
QIC_QUIRKS = {
    "part_ends_freeze",
    "unfloored_sigma_z",
    "median_as_center",
    "t_lower_2s_missing",
    "i_prime_uses_all",
    "flat_loses_limits",
}
ABBREVIATED = {"num": "numerator", "denom": "denominator"}


def arguments(call: Call, table: pd.DataFrame) -> tuple[dict[str, Any], pd.DataFrame]:
    """Arguments by their full names, unevaluated, and the table they speak of: the data argument, with columns that the call gives anew."""
    order, known = ORDER[call.function], {*ORDER[call.function], *LOOKS[call.function], *ALSO[call.function]}
    named, loose = {}, []
    for name, inner in call.arguments:
        name = name if name in known or name in table.columns else ABBREVIATED.get(name, name)
        if name in known:
            named[name] = inner
        elif name in table.columns:
            table = table.assign(**{name: value(inner, table)})
            loose.append(Name(name))
        elif name:
            raise ValueError(f'{call.function} has no option "{name}" that can be honored here.')
        else:
            loose.append(inner)
    # funnel_plot(num, denom, group) has no table of its own in older calls; the columns then speak of d.
    data = {"qic": "data", "ptd_spc": ".data", "funnel_plot": ".data", "runcharter": "df"}.get(call.function)
    free = [name for name in order if name not in named and name != ("data" if call.function == "qic" else "")]
    if call.function in ("funnel_plot",) and not (loose and is_table(loose[0])):
        free = [name for name in free if name != ".data"]
    if len(loose) > len(free):
        raise ValueError(
            f"{call.function} is given {len(loose)} arguments without a name, more than can be honored here."
        )
    named |= dict(zip(free, loose, strict=False))
    if data in named:
        table = whole(named.pop(data), table)
    return {name: inner for name, inner in named.items() if name not in LOOKS[call.function]}, table


def _column(inner: Any, table: pd.DataFrame, name: str) -> tuple[str, pd.DataFrame]:
    """The column that an argument names, made where it is an expression."""
    if isinstance(inner, Name) and inner.text in table.columns:
        return inner.text, table
    found = value(inner, table)
    if isinstance(found, str) and found in table.columns:
        return found, table
    if np.isscalar(found) or len(found) != len(table):
        raise ValueError(f"{name.strip('.')}: as many values are needed as the table has rows ({len(table)}).")
    return name, table.assign(**{name: list(found)})


def _alone(inner: Any, table: pd.DataFrame) -> pd.DataFrame:
    """A table of one column, for a call about one vector; it may be shorter than the input, as death[1:500] is."""
    return pd.DataFrame({".x": list(value(inner, table))})


def _options(given: Mapping[str, Any], table: pd.DataFrame, names: Mapping[str, str]) -> dict:
    """Options that are numbers, texts, dates or lists of them, under our names; NULL is as good as not given."""
    found = {ours: value(given[theirs], table) for theirs, ours in names.items() if theirs in given}
    return {name: one for name, one in found.items() if one is not None}


def qic(call: Call, table: pd.DataFrame, screened: bool) -> dict:
    given, table = arguments(call, table)
    if "y" in given and value(given["y"], table) is None:
        del given["y"]
    if "n" in given and value(given["n"], table) is None:
        del given["n"]
    if "y" not in given and "n" not in given and "facets" not in given:
        given["x"], table = Name(".x"), _alone(given["x"], table)
    axis, table = _column(given["x"], table, ".x")
    options: dict[str, Any] = {"value": axis}
    if "y" in given:
        options["x"] = axis
        options["value"], table = _column(given["y"], table, ".y")
        table = table[table[axis].notna()]
    if "n" in given:
        options["n"], table = _column(given["n"], table, ".n")
    facets = columns_of(given["facets"]) if "facets" in given else []
    options |= _options(
        given,
        table,
        {
            "multiply": "multiply",
            "freeze": "freeze",
            "part": "part",
            "exclude": "exclude",
            "agg.fun": "aggregate",
            "x.period": "period",
        },
    )
    if "method" in given and value(given["method"], table) != "anhoej":
        raise ValueError("method: only Anhoej's own rules are computed here, not the best box or the cut box.")
    kind = _options(given, table, {"chart": "chart"}).get("chart", "run")
    if kind not in QIC_KINDS:
        raise ValueError(f'chart "{kind}" is not one of {", ".join(QIC_KINDS)}.')
    if (center := _options(given, table, {"cl": "cl"}).get("cl")) is not None:
        if isinstance(center, (list, pd.Series)) and len(set(center)) > 1:
            raise ValueError("cl: only one center line for all points can be honored here.")
        options["center"] = float(center if np.isscalar(center) else next(iter(center)))
    if "freeze" in options:
        options["freeze"] = int(options["freeze"])
    options["floor_at_zero"] = not _options(given, table, {"y.neg": "y"}).get("y", True)
    drawn = chart(
        QIC_KINDS[kind], table, facet=facets or None, screen=screened, **options, **dict.fromkeys(QIC_QUIRKS, True)
    )
    return _qic_tree(drawn.points, drawn.sections, kind, "n" in options, facets)


def _qic_tree(points: pd.DataFrame, sections: pd.DataFrame, kind: str, has_n: bool, facets: list[str]) -> dict:
    points = points.merge(sections.drop(columns="center"), on=["facet", "facet2", "section"])
    n = (
        points["n"]
        if has_n
        else (points["y_length"] if kind in ("ip", "i'") else pd.Series(np.nan, index=points.index))
    )
    columns = {
        "x": points["x"],
        "facet1": points["facet"] if facets else pd.Series(1, index=points.index),
        "facet2": points["facet2"] if len(facets) > 1 else pd.Series(1, index=points.index),
        "part": points["section"],
        "xx": points["order"],
        "y": points["y"],
        "n": n,
        "y.sum": points["y_sum"],
        "y.length": points["y_length"],
        "cl": points["center"],
        "lcl": points["lower"],
        "lcl.95": points["lower_2s"],
        "ucl.95": points["upper_2s"],
        "ucl": points["upper"],
        "baseline": points["in_baseline"],
        "include": points["included"],
        "n.obs": points["points"],
        "n.useful": points["useful"],
        "longest.run": points["longest"],
        "longest.run.max": points["longest_allowed"],
        "n.crossings": points["crossings"],
        "n.crossings.min": points["crossings_needed"],
        "runs.signal": points["runs_signal"],
        "sigma.signal": points["signal"] != "",
    }
    return {name: as_json(column) for name, column in columns.items()}


def ptd_spc(call: Call, table: pd.DataFrame, screened: bool) -> dict:
    given, table = arguments(call, table)
    if "trajectory" in given and value(given["trajectory"], table) is not None:
        raise ValueError("trajectory: not drawn by our charts.")
    names = {"value_field": "value", "date_field": "date", "facet_field": "facet"}
    options: dict[str, Any] = {}
    for theirs, ours in names.items():
        if theirs in given:
            options[ours], table = _column(given[theirs], table, f".{ours}")
    facet = options.get("facet")
    extra = _options(
        given,
        table,
        {
            "rebase": "rebase",
            "fix_after_n_points": "freeze",
            "improvement_direction": "direction",
            "target": "target",
            "screen_outliers": "screen",
        },
    )
    options |= {"direction": "increase"} | extra
    if "freeze" in options:
        options["freeze"] = int(options["freeze"])
    drawn = chart("xmr", table, **options, rebase_on_exact_dates=True, flat_loses_limits=True, trend_by_next_step=True)
    points = drawn.points.assign(f=drawn.points["facet"] if facet else "no facet")
    short = points.groupby(["facet", "section"])["x"].transform("size") < 13
    columns = {
        "f": points["f"],
        "x": points["x"],
        "y": points["y"],
        "rebase_group": points["section"] - 1,
        "short_group_warning": short,
        "fix_y": points["y"].where(points["in_baseline"]),
        "mean_col": points["center"],
        "lpl": points["lower"],
        "upl": points["upper"],
        "outside_limits": points["outside"].astype(object).where(points["upper"].notna(), None),
        "relative_to_mean": points["side"],
        "close_to_limits": points["near"].astype(object).where(points["upper"].notna(), None),
        "special_cause_type": points["signal"].map(PTD_LABELS),
        "point_type": points["point_type"].map(PTD_TYPES),
        "target": points["target"],
    }
    last = points.groupby("facet").tail(1)
    sections = drawn.sections.groupby("facet").tail(1)
    no_icon = "target" not in options or options["direction"] == "neutral"
    # A facet without a target of its own is "inconsistent" there, once any facet has one.
    assurance = pd.Series(
        None if no_icon else sections["assurance"].map(PTD_ASSURANCE).to_numpy(), index=sections.index, dtype=object
    )
    return {
        "points": {name: as_json(column) for name, column in columns.items()},
        "variation_icon_last_point": {"f": as_json(last["f"]), "variation": as_json(last["point_type"].map(PTD_TYPES))},
        "assurance": {"f": as_json(last["f"]), "assurance_type": as_json(assurance)},
    }


PTD_LABELS = {
    "": "Common Cause",
    "beyond limit: high": "Above UCL",
    "beyond limit: low": "Below LCL",
    "trend: high": "7 Point Trend (Increasing)",
    "trend: low": "7 Point Trend (Decreasing)",
    "two in three: high": "2 in 3 Above CL",
    "two in three: low": "2 in 3 Below CL",
    "shift: high": "7 Points Above CL",
    "shift: low": "7 Points Below CL",
}
PTD_TYPES = {
    "common cause": "common_cause",
    "improvement": "special_cause_improvement",
    "concern": "special_cause_concern",
    "high": "special_cause_neutral_high",
    "low": "special_cause_neutral_low",
}
PTD_ASSURANCE = {
    "pass": "consistent_pass",
    "fail": "consistent_fail",
    "hit or miss": "inconsistent",
    "": "inconsistent",
}


def funnel_plot(call: Call, table: pd.DataFrame, screened: bool) -> dict:
    given, table = arguments(call, table)
    columns = {}
    for name in ("numerator", "denominator", "group"):
        columns[name], table = _column(given[name], table, f".{name}")
    options = _options(
        given,
        table,
        {
            "data_type": "data_type",
            "sr_method": "method",
            "trim_by": "trim_by",
            "multiplier": "multiply",
            "draw_adjusted": "adjusted",
        },
    )
    limit = _options(given, table, {"limit": "limit"}).get("limit", 99.0)
    highlight = _options(given, table, {"highlight": "names"}).get("names", [])
    x_range = _options(given, table, {"x_range": "ends"}).get("ends", "auto")
    if x_range != "auto":
        options |= {"lookup_to": x_range[1]}
    quirks = ("round_expected", "square_root_limits", "log_of_zero", "zero_spread_unadjusted", "rc_other_sigma")
    drawn = chart("funnel", table, **columns, limit=int(limit), **options, **dict.fromkeys(quirks, True))
    adjusted = bool(drawn.figures["adjusted"])
    unadjusted = _options(given, table, {"draw_unadjusted": "drawn"}).get("drawn", False) or not adjusted
    return _funnel_tree(drawn, adjusted, bool(unadjusted), highlight if isinstance(highlight, list) else [highlight])


def _funnel_tree(drawn: Any, adjusted: bool, unadjusted: bool, highlight: list) -> dict:
    points = drawn.points.assign(
        highlight=drawn.points["facet"]
        .isin([name for name in highlight if isinstance(name, str)])
        .astype(int)
        .astype(str),
        outlier=(drawn.points["signal"] != "").astype(int),
    )
    limits = {"OD95LCL": "od_lower_95", "OD95UCL": "od_upper_95", "OD99LCL": "od_lower_998", "OD99UCL": "od_upper_998", "LCL95": "lower_95", "UCL95": "upper_95", "LCL99": "lower_998", "UCL99": "upper_998"}  # fmt: skip
    truncated = "rank" in points
    names = {
        "denominator": "n",
        "group": "facet",
        "numerator": "numerator",
        "rr": "y",
        "target_transformed": "target_transformed",
        "Y": "transformed",
        "Uzscore": "z",
    }
    names |= {"rk": "rank", "sp": "trim_class", "truncated": "trimmed"} if truncated else {"winsorised": "trimmed"}
    names |= {"Wuzscore": "z_kept", "s": "sigma"} | limits | {"highlight": "highlight", "outlier": "outlier"}
    lookup = drawn.sections
    # Twelve lines of the lookup table, evenly spread from the first to the last.
    sample = lookup.iloc[np.round(np.linspace(0, len(lookup) - 1, 12)).astype(int)]
    lines = {"number_seq": "n", "s": "sigma", "odll95": "od_lower_95", "odul95": "od_upper_95", "odll998": "od_lower_998", "odul998": "od_upper_998", "ll95": "lower_95", "ul95": "upper_95", "ll998": "lower_998", "ul998": "upper_998"}  # fmt: skip
    return {
        "phi": number(drawn.figures["phi"]),
        "tau2": number(drawn.figures["tau2"]),
        "draw_adjusted": adjusted,
        "draw_unadjusted": unadjusted,
        "groups": {theirs: as_json(points[ours]) for theirs, ours in names.items()},
        "outliers": unboxed(points.loc[points["outlier"] == 1, "facet"].tolist()),
        "lookup_sample": {theirs: as_json(sample[ours]) for theirs, ours in lines.items()},
    }


def runcharter(call: Call, table: pd.DataFrame, screened: bool) -> dict:
    given, table = arguments(call, table)
    columns = {}
    for theirs, ours in (("yval", "value"), ("datecol", "date"), ("grpvar", "facet")):
        if theirs not in given:
            raise ValueError(f"runcharter needs {theirs}.")
        columns[ours], table = _column(given[theirs], table, f".{ours}")
    table = table.assign(**{columns["facet"]: table[columns["facet"]].astype(str)})
    options = _options(
        given, table, {"med_rows": "baseline_points", "runlength": "run_length", "direction": "direction"}
    )
    whole = {name: int(one) if isinstance(one, float) else one for name, one in options.items()}
    medians = chart("candidate_rebase", table, **columns, **whole).sections
    names = {
        columns["facet"]: "facet",
        "median": "median",
        "start_date": "start",
        "end_date": "end",
        "extend_to": "holds_until",
        "run_type": "what",
    }
    return {theirs: as_json(medians[ours]) for theirs, ours in names.items()}


def bchart(call: Call, table: pd.DataFrame, screened: bool) -> dict:
    given, table = arguments(call, table)
    table = _alone(given["x"], table)
    drawn = chart(
        "bernoulli_cusum",
        table,
        value=".x",
        **_options(given, table, {"target": "target", "or": "odds_ratio", "limit": "limit"}),
    )
    points = drawn.points
    every = points[points["order"] % 100 == 0]
    return {
        "p0": drawn.figures["usual"],
        "p1": drawn.figures["up"],
        "p2": drawn.figures["down"],
        "signal_up_at": unboxed(points.loc[points["signal"].str.startswith("more"), "order"].tolist()),
        "signal_down_at": unboxed(points.loc[points["signal"].str.startswith("less"), "order"].tolist()),
        "cusum_up_every_100": unboxed(as_json(every["cusum_up"])),
        "cusum_down_every_100": unboxed(as_json(every["cusum_down"])),
    }


def coef(call: Call, table: pd.DataFrame, screened: bool) -> dict:
    """Coefficients of a Poisson model, under R's names."""
    inner = call.arguments[0][1]
    if not (isinstance(inner, Call) and inner.function == "glm"):
        raise ValueError("coef: only of a glm.")
    formula, *others = [one for _, one in inner.arguments]
    if not any(
        columns_of(one) == ["poisson"]
        or getattr(one, "function", "") == "poisson"
        or getattr(one, "value", "") == "poisson"
        for one in others
    ):
        raise ValueError("glm: only of the Poisson family.")
    fitted = smf.glm(_formula(formula, table), table, family=Poisson()).fit(tol=1e-14, maxiter=100)
    return {
        name.replace("Intercept", "(Intercept)").replace("C(", "factor(").replace("[T.", "").replace("]", ""): float(
            one
        )
        for name, one in fitted.params.items()
    }


def _formula(expression: Any, table: pd.DataFrame) -> str:
    """An R formula as the model library writes it: factor(type) is C(type)."""
    if isinstance(expression, Name):
        return expression.text
    if isinstance(expression, Call) and expression.function in ("factor", "as.factor"):
        return f"C({_formula(expression.arguments[0][1], table)})"
    if isinstance(expression, Call) and expression.function in ("~", "+") and len(expression.arguments) == 2:
        left, right = (_formula(one, table) for _, one in expression.arguments)
        return f"{left} {expression.function} {right}"
    raise ValueError("glm: a formula of columns, factor() and + can be honored here.")


def unboxed(several: list) -> Any:
    """One item alone is written without its brackets, as jsonlite does."""
    return several[0] if len(several) == 1 else several


def number(one: float) -> float | None:
    return float(one) if np.isfinite(one) else None


def as_json(column: pd.Series) -> list:
    """A column as JSON has it: missing and infinite null, dates 2026-10-01, whole numbers and flags as such."""
    if pd.api.types.is_datetime64_any_dtype(column):
        whole_days = (column.dropna() == column.dropna().dt.normalize()).all()
        return [
            None if pd.isna(one) else one.strftime("%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M:%S") for one in column
        ]
    return [_plain(one) for one in column.tolist()]


def _plain(one: Any) -> Any:
    if one is None or isinstance(one, (str, bool)):
        return one
    return one if np.isfinite(one) else None


TOOLS: dict[str, Callable[[Call, pd.DataFrame, bool], dict]] = {
    "qic": qic,
    "ptd_spc": ptd_spc,
    "funnel_plot": funnel_plot,
    "runcharter": runcharter,
    "bchart": bchart,
    "coef": coef,
}
