"""REQUIRE=browser,spark: on a machine that has what these tests need, one that skips itself has failed."""

import os
from collections.abc import Iterator

import pytest

REQUIRABLE = {"browser", "spark", "peer"}


def pytest_configure(config: pytest.Config) -> None:
    """The markers that REQUIRE names; an unknown one stops the run."""
    config.required = {name.strip() for name in os.environ.get("REQUIRE", "").split(",")} - {""}
    if unknown := sorted(config.required - REQUIRABLE):
        raise pytest.UsageError(f'REQUIRE names "{unknown[0]}". It may name {", ".join(sorted(REQUIRABLE))}.')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A skipped test with a required marker is reported as failed, with the sentence that it skipped itself with."""
    report = yield
    asked = sorted(name for name in item.config.required if item.get_closest_marker(name))
    return _refused(report, f"REQUIRE={','.join(asked)}") if asked else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """A module that skips itself while it is read has no markers yet: under any REQUIRE that is a failure."""
    report = yield
    return _refused(report, "REQUIRE") if collector.config.required else report


def _refused(report: pytest.TestReport | pytest.CollectReport, asked: str) -> pytest.TestReport | pytest.CollectReport:
    if report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{asked} does not allow a skip. {why}"
    return report
