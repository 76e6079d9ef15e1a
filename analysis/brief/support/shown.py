"""What of a site's use may be shown: where a count is hidden, so is whatever gives it away."""

import pandas as pd

from analysis.brief import markup
from analysis.brief.support.sources import Support
from analysis.params import disclosure


def observed(support: Support, site: str) -> float:
    """Crises of the year as every brief shows them; missing where hidden."""
    row = support.numbers.row("episodes", support.year, site=site)
    return float("nan") if row is None or pd.isna(row["value"]) else float(row["value"])


def utilization(support: Support) -> pd.DataFrame:
    """The table utilization.csv: one row a site by name, nothing small in it.

    Expected is whole: it rests on the other sites' counts, and to the last digit it would give them away.
    """
    rows = support.judged.reindex([site for site in support.sites if site in support.judged.index])
    seen = pd.Series({site: observed(support, site) for site in rows.index}, dtype=float)
    hidden = seen.isna()
    return pd.DataFrame(
        {
            "site_id": rows.index,
            "expected": rows["expected"].round().to_numpy(),
            "observed": seen.astype("Int64").to_numpy(),
            "ratio": rows["ratio"].mask(hidden).round(2).to_numpy(),
            "low": rows["low"].mask(hidden).round(2).to_numpy(),
            "high": rows["high"].mask(hidden).round(2).to_numpy(),
            "class": rows["class"].to_numpy(),
            "months_until_judgeable": rows["months_until_judgeable"].astype("Int64").to_numpy(),
            "period": support.year.name,
            "words": rows["words"].to_numpy(),
            "why": rows["why"].to_numpy(),
            "expected_at_target": rows["expected_at_target"].round().to_numpy(),
        }
    )


def finding(row: pd.Series) -> str:
    """What was found of a site and why no more. The rule looks for low use alone, so more than expected is said by the range.

    Takes a row of `utilization` with its class as `found`. Where the range is hidden, nothing is said of it.

    >>> plain = {"found": "expected_range", "words": "in the expected range", "why": "", "low": 1.11}
    >>> finding(pd.Series(plain)), finding(pd.Series({**plain, "low": float("nan")}))
    ('more than expected; the rule looks for low use only', 'in the expected range')
    """
    if row["found"] == "expected_range" and pd.notna(row["low"]) and row["low"] > 1 and not row["why"]:
        return "more than expected; the rule looks for low use only"
    return f"{row['words']}: {row['why']}" if row["why"] else row["words"]


def count_words(value: float) -> str:
    """The count, or the mark of a hidden one."""
    return disclosure().mark if pd.isna(value) else markup.number(value)


def range_words(row: pd.Series) -> str:
    """The ratio as so many for every hundred expected, with its range; the mark where it is hidden.

    >>> range_words(pd.Series({"ratio": 0.49, "low": 0.40, "high": 0.60}))
    '49 (40 to 60)'
    """
    if pd.isna(row["ratio"]):
        return disclosure().mark
    ends = [markup.number(100 * row[name]) for name in ("ratio", "low", "high")]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def in_words(ratio: float) -> str:
    """A ratio in words, as a sentence says it first.

    >>> [in_words(ratio) for ratio in (0.1, 0.26, 0.4, 0.49, 0.66, 0.8, 1.0, 1.3)]
    ['less than a quarter of', 'about a quarter of', 'about two fifths of', 'about half of', 'about two thirds of', 'about four fifths of',
     'about as many as', 'more than']
    """
    steps = ((0.22, "less than a quarter of"), (0.29, "about a quarter of"), (0.365, "about a third of"), (0.45, "about two fifths of"),
             (0.58, "about half of"), (0.71, "about two thirds of"),
             (0.78, "about three quarters of"), (0.90, "about four fifths of"), (1.15, "about as many as"))  # fmt: skip
    return next((words for most, words in steps if ratio < most), "more than")
