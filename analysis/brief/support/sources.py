"""What the pages of support plans are made from, opened once a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis import params
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers
from analysis.brief.plans.checking import Known
from analysis.brief.plans.files import known_of, read_plans
from analysis.brief.plans.records import Plan
from analysis.params import ROOT
from analysis.periods import Period
from analysis.quality.gap.account import Seen, account_for_gap
from analysis.quality.gap.bases import count_by_base
from analysis.quality.gap.cells import count_cells
from analysis.quality.gap.path import Path, add_comparison, count_path
from analysis.quality.received import read_received
from analysis.quality.turning.rise import Rise, rise_by_itself
from analysis.quality.utilization.error_rates import ErrorRates, error_rates, state_of, wide_of
from analysis.quality.utilization.expected import QUIET_FROM, SiteMonths, cannot_classify, site_months
from analysis.quality.utilization.look import look, mean_ratio
from analysis.quality.utilization.parameters import LowUse, read_low_use
from analysis.quality.utilization.rule import judge_use

MONTHS = 25  # the month that is judged, and the 24 before it
LONGEST_SILENCE = 45  # days without a record at the end of what is judged


@dataclass(frozen=True)
class Support:
    """One study and period.

    `cannot` says why no site can be judged (then `judged` is empty). The sites are judged on the last whole quarter, as all briefs
    count a year: what is not settled is not judged, and no two pages can be subtracted. `complete` names for each site what is
    wrong with its records, empty where nothing is.
    """

    numbers: Numbers
    tables: Mapping[str, pd.DataFrame]
    rule: LowUse
    known: Known
    plans: Mapping[str, Plan]
    cannot: str | None
    use: SiteMonths | None
    complete: Mapping[str, tuple[str, ...]]
    judged: pd.DataFrame

    @property
    def year(self) -> Period:
        """The months that are counted and judged."""
        return self.numbers.windows.year

    @property
    def month(self) -> pd.Period:
        """The last month of these."""
        return self.year.last

    @property
    def as_of(self) -> pd.Timestamp:
        """The day on which the page looks at the plans: the last of its period."""
        return self.numbers.windows.now.to_on

    @property
    def sites(self) -> list[str]:
        """The sites with a page, by name."""
        return self.numbers.pages["site_id"].tolist()

    @cached_property
    def comparable(self) -> list[str]:
        """The sites that others are held against: judged, and with enough crises expected in the year."""
        if self.judged.empty:
            return []
        enough = self.judged["expected"].ge(self.rule.classes.least_expected)
        old = self.judged["months_open"].ge(self.rule.classes.least_months_open)
        return self.judged.index[enough & old & self.judged["class"].notna()].tolist()

    @cached_property
    def path(self) -> Path:
        """The steps from call to care over the year, beside the median of comparable sites."""
        path = count_path(self.tables, self.sites, self.year)
        return Path(add_comparison(path.steps, self.comparable) if len(path.steps) else path.steps, path.unknown)

    @cached_property
    def _seen(self) -> Seen:
        cells = count_cells(self.tables["episodes"], self.tables.get("site_hours"), self.sites, self.year)
        size = self.judged["shocks_size"].iloc[0]
        expected = self.judged["expected"].reindex(self.sites)
        return Seen(self.path.steps, cells, expected, len(self.year.months), self.comparable, size)

    @cached_property
    def bases(self) -> pd.DataFrame:
        """Who calls out of those who could, by site."""
        return count_by_base(self.tables, self.sites, self.comparable, self.year, self.numbers.covers)

    def account(self, site: str) -> pd.DataFrame:
        """The site's gap by cause; empty where the study has no calls, or the site cannot be held against others."""
        if self.cannot or self.path.steps.empty or site not in self.judged.index:
            return pd.DataFrame(columns=["cause", "a_month", "low", "high", "leads"])
        return account_for_gap(self._seen, site)

    @cached_property
    def rates(self) -> tuple[ErrorRates, ErrorRates]:
        """The rule's own error rates for these sites, at the fitted spread and at a wide one."""
        state = state_of(self.use, rule=self.rule)
        return error_rates(state, rule=self.rule), error_rates(wide_of(state, rule=self.rule), rule=self.rule)

    def awaited(self, site: str) -> Rise | None:
        """How far the site would rise by itself; None where it is not judged."""
        if self.judged.empty or pd.isna(self.judged.loc[site, "expected"]) or self.judged.loc[site, "class"] is None:
            return None
        row = self.judged.loc[site]
        return rise_by_itself(int(row["observed"]), float(row["expected"]), float(self._awaited[site]))

    @cached_property
    def _awaited(self) -> pd.Series:
        """The mean of each site's true ratio, given its year and all the others'."""
        observed, expected = (self.use.by_site(name) for name in ("observed", "expected"))
        observed, expected = (np.where(np.isnan(expected), 0.0, each) for each in (observed, expected))
        return pd.Series(mean_ratio(look(observed, expected, rule=self.rule), rule=self.rule), index=self.use.sites)

    def series(self, site: str) -> pd.DataFrame:
        """Observed and expected by month, up to the month that is judged: month, observed, expected."""
        rows = self.use.table
        return rows.loc[rows["site_id"].eq(site), ["month", "observed", "expected"]].reset_index(drop=True)


def open_support(study: str, period: str) -> Support:
    """All of it, from the tables of the study; a sentence (ParamsError) where a plan or a parameter is not sound."""
    chosen = params.study(study)
    numbers = open_numbers(chosen, chosen.period(period))
    folder = ROOT / "data" / "processed" / study
    tables = read_received(folder)
    rule, known = read_low_use(), known_of(chosen)
    plans = read_plans(study, known)
    cannot = cannot_classify(chosen, tables.get("site_counties"), tables.get("population"))
    if cannot:
        return Support(numbers, tables, rule, known, plans, cannot, None, {}, pd.DataFrame())
    last = numbers.windows.year.last
    months = [last - back for back in reversed(range(MONTHS))]
    use = site_months(
        tables["episodes"], tables["sites"], tables["site_counties"], tables["population"], months,
        study=chosen, covers=numbers.covers, rule=rule,
    )  # fmt: skip
    complete = {site: wrong_with_records(use, tables, site, rule) for site in use.sites}
    judged = judge_use(
        use, tables["sites"], month=last, complete={site: not wrong for site, wrong in complete.items()}, rule=rule
    )
    return Support(numbers, tables, rule, known, plans, None, use, complete, judged.set_index("site_id"))


def wrong_with_records(use: SiteMonths, tables: Mapping[str, pd.DataFrame], site: str, rule: LowUse) -> tuple[str, ...]:
    """What would have to be put right before a low count can be read as low use: in words, nothing where the records are whole.

    Looks at the months of the watch: one without any record where several were to be expected; a long silence at the end; no call
    on the line's record though the study keeps one.
    """
    rows = use.table[use.table["site_id"].eq(site)].tail(rule.windows.months)
    rows = rows[rows["expected"].gt(0)]
    if rows.empty:
        return ()
    wrong = [
        f"no record at all in {row.month.strftime('%B %Y')}"
        for row in rows.itertuples()
        if row.observed == 0 and row.expected >= QUIET_FROM
    ]
    last, end = rows["month"].iloc[-1], rows["month"].iloc[-1].end_time.normalize()
    days = tables["episodes"].loc[tables["episodes"]["site_id"].eq(site), "counted_on"]
    days = days[days.le(end)]
    if rows["expected"].iloc[-1] >= QUIET_FROM and (days.empty or (end - days.max()).days > LONGEST_SILENCE):
        wrong.append(f"no record in the {LONGEST_SILENCE} days before the end of {last.strftime('%B %Y')}")
    if "calls" in tables:
        calls = tables["calls"]
        here = calls["site_id"].eq(site) & calls["called_on"].between(rows["month"].iloc[0].start_time, end)
        if not here.any() and rows["expected"].sum() >= QUIET_FROM:
            wrong.append("no call on the record of the line")
    return tuple(wrong)
