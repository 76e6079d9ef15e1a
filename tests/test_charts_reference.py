"""Control charts against numbers that NHSRplotthedots, qicharts2, FunnelPlotR and runcharter printed, graded by the grader beside them.

The runner turns the packages' quirks on. Nothing may be missing, and nothing may miss but what DEVIATIONS names.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from analysis.params import ROOT

pytestmark = pytest.mark.reference

CASES = [
    "pub01_xmr_ptd_basic",
    "pub02_xmr_ptd_rebase",
    "pub03_xmr_ptd_outlier_screen",
    "pub04_xmr_ptd_facets_target_assurance",
    "pub05_run_anhoej",
    "pub06_c_u_split",
    "pub07_p_chart",
    "pub08_p_prime_laney",
    "pub09_g_and_t",
    "pub10_i_mr_screening",
    "pub11_xbar_s",
    "pub12_u_uprime_facets",
    "pub13_funnel_sr_shmi",
    "pub14_funnel_six_groups",
    "pub15_runcharter",
    "pub16_bernoulli_cusum",
]
RELATIVE = 1e-6
DEVIATIONS: dict[str, set[str]] = {}  # case: paths that miss, each with its line in docs/methods.md; none does


@pytest.fixture(scope="module")
def grader(shared_file: Callable[[str], Path]) -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare", shared_file("validation/spc/compare.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(shared_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the runner writes, run as a user does, for copies of the cases from which every expected value has been taken out."""
    cases, out = tmp_path_factory.mktemp("cases"), tmp_path_factory.mktemp("results")
    for case in CASES:
        (cases / case).mkdir()
        asked = json.loads(shared_file(f"validation/spc/{case}/expected.json").read_text(encoding="utf-8"))
        del asked["expected"]
        (cases / case / "expected.json").write_text(json.dumps(asked), encoding="utf-8")
        (cases / case / "input.csv").write_bytes(shared_file(f"validation/spc/{case}/input.csv").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "tests.reference", str(cases), str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize("case", CASES)
def test_the_packages_numbers_come_out(case, grader, results, shared_file):
    expected = json.loads(shared_file(f"validation/spc/{case}/expected.json").read_text(encoding="utf-8"))["expected"]
    found = json.loads((results / f"{case}.json").read_text(encoding="utf-8"))
    graded = {"right": 0, "wrong": [], "missing": []}
    grader.walk(expected, found, "", RELATIVE, graded, ())
    assert graded["missing"] == []
    assert {miss.split(":")[0] for miss in graded["wrong"]} == DEVIATIONS.get(case, set()), graded["wrong"][:5]
    assert graded["right"] > 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("qic(y, data=d, method='bestbox')", "method: only Anhoej's own rules"),
        ("qic(y, data=d, wobble=1)", 'no option "wobble"'),
        ("qic(y, data=d, chart='ewma')", 'chart "ewma" is not one of'),
        ("qic(y, z, data=d)", '"z" is neither a column'),
        ("ptd_spc(d, y, x, trajectory=y)", "trajectory: not drawn"),
        ("ptd_spc(d, y, x, rebase=seq_along(y) + )", "cannot be read|where a value should stand"),
        ("mean(y)", '"mean" is not one that is understood'),
        ("library(qicharts2)", "No chart is drawn"),
    ],
)
def test_a_call_that_cannot_be_honored_is_a_sentence(text, sentence):
    from tests.reference import result_of

    with pytest.raises(ValueError, match=sentence):
        result_of(text, pd.DataFrame({"x": ["2024-01-01", "2024-02-01"], "y": [1.0, 2.0]}))


def test_screening_follows_whether_the_package_is_attached():
    """Ranges 1 x 8 and 11: screened, their mean is 1; qicharts2::qic() without attaching it does not screen."""
    from tests.reference import result_of

    table = pd.DataFrame({"y": [5.0, 6, 5, 6, 5, 6, 5, 6, 5, 16]})
    width = {
        text: result_of(text, table)["ucl"][0] - 6.5
        for text in (
            "qic(y, data=d, chart='i')",
            "qicharts2::qic(y, data=d, chart='i')",
            "options(qic.screenedmr=FALSE); qic(y, data=d, chart='i')",
        )
    }
    assert list(width.values()) == pytest.approx([3 / 1.128, 3 * (19 / 9) / 1.128, 3 * (19 / 9) / 1.128])
