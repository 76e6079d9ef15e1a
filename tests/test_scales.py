"""Reliable change: the index, what chance alone gives, and a simulation of children in whom nothing changed."""

import shutil

import numpy as np
import pytest

from analysis import params
from analysis.params import ParamsError
from analysis.quality.scales import (
    SCALES_FILE,
    chance_share,
    chance_share_of_severe,
    read_scales,
    reliable_change_index,
)

SCALES = read_scales()
SCALE = SCALES["ohio_problems"].model_copy(update={"sd_at_intake": 14.0, "retest_r": 0.85})
POINTS = SCALE.model_copy(update={"rule": "points", "points": 10.0})
SEED = 19910201


def unchanged(children: int, *, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Two ratings of children in whom nothing changed, with the scale's spread and retest correlation."""
    random = np.random.default_rng(SEED)
    true = random.normal(mean, 14 * np.sqrt(0.85), children)
    noise = 14 * np.sqrt(0.15)
    return true + random.normal(0, noise, children), true + random.normal(0, noise, children)


def test_the_index_of_the_reference():
    # 1.96 x 14 x sqrt(2) x sqrt(0.15) = 15.03
    assert reliable_change_index(SCALE) == pytest.approx(15.03, abs=0.005)
    assert (SCALE.threshold, POINTS.threshold) == (pytest.approx(15.03, abs=0.005), 10)


def test_chance_alone_as_the_reference_simulated_it():
    # Simulated there: 2.5% by the index and 9.8% by 10 points; of children from 40 on 5.0% and 16.7%.
    assert chance_share(SCALE) == pytest.approx(0.025, abs=0.0005)
    assert chance_share(POINTS) == pytest.approx(0.098, abs=0.005)
    # The mean there is not given; the severe group's fall of 2.7 points places it near 30.
    assert chance_share_of_severe(SCALE, mean=30, severe_from=40) == pytest.approx(0.050, abs=0.006)
    assert chance_share_of_severe(POINTS, mean=30, severe_from=40) == pytest.approx(0.167, abs=0.006)


@pytest.mark.parametrize("scale", [SCALE, POINTS])
def test_chance_alone_is_what_a_simulation_gives(scale):
    first, second = unchanged(400_000, mean=30)
    improved = first - second >= scale.threshold
    severe = first >= 40
    assert improved.mean() == pytest.approx(chance_share(scale), abs=0.002)
    assert improved[severe].mean() == pytest.approx(chance_share_of_severe(scale, mean=30, severe_from=40), abs=0.004)


def test_the_good_direction_turns_the_severe_side():
    upside_down = SCALE.model_copy(update={"better": "higher"})
    mirrored = chance_share_of_severe(upside_down, mean=70, severe_from=60)
    assert mirrored == pytest.approx(chance_share_of_severe(SCALE, mean=30, severe_from=40), abs=1e-9)


def test_a_cut_that_everybody_passes_gives_the_plain_share():
    assert chance_share_of_severe(SCALE, mean=30, severe_from=-200) == pytest.approx(chance_share(SCALE), abs=1e-4)


def test_what_was_not_read_in_a_source_says_so():
    assert all(scale.illustrative and "llustrative" in scale.source for scale in SCALES.values())


@pytest.mark.parametrize(("was", "now", "sentence"), [
    ("retest_r: 0.85            # illustrative; test", "retest_r: 1.0 # ", "retest_r"),
    ("better: lower", "better: smaller", "better"),
    ("cutoff: 25 ", "cutoff: 125 ", "lies outside 0 to 100"),
    ("sd_at_intake: 14", "sd: 14", '"scales.ohio_problems.sd" is not a key used here'),
])  # fmt: skip
def test_a_fault_in_the_file_is_a_sentence(tmp_path, was, now, sentence):
    (tmp_path / "params").mkdir()
    shutil.copy(params.ROOT / SCALES_FILE, tmp_path / SCALES_FILE)
    text = (tmp_path / SCALES_FILE).read_text(encoding="utf-8")
    assert was in text
    (tmp_path / SCALES_FILE).write_text(text.replace(was, now, 1), encoding="utf-8")
    with pytest.raises(ParamsError, match=sentence):
        read_scales(root=tmp_path)
