"""The break-even prompt that the original's reports only bracket."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.compat.selfspec.values import classes, of_files
from symppa.engine.compile import compile
from symppa.library.systems.speculative import Speculation
from symppa.studies.break_even import break_even
from tests.golden.test_selfspec_models import GOLDEN, libraries, read, series

CASE = GOLDEN / "H" / "hardware_hyflexpim_song_2025__model_qwen3_0p6b"


@pytest.mark.skipif(not CASE.exists(), reason="no expected reports here")
def test_the_exact_prompt_lies_where_the_reports_change_sides():
    hardware, report = read(CASE / "hardware.yaml"), read(CASE / "expected_H.json")
    library = libraries(CASE, hardware, "H")[hardware["library"]]
    values = of_files(read(CASE / "model.yaml"), hardware, read(CASE / "stats.json"), library, "H")
    parts = classes(hardware, "H")
    known = compile(Speculation(), ["spec.energy", "base.energy"], ["spec.prompt"], choose=parts).known
    told = {name: value for name, value in values.items() if name in known}
    found = break_even(Speculation, "spec.energy", "base.energy", "spec.prompt", told, within="64:1024", parts=parts)
    prompts = np.array(series(report, "l_prompt"), float)
    ratio = np.array(series(report, "delta", "tokens_per_joule_ratio"))
    assert prompts[ratio > 1].max() < found["break_even"][0] < prompts[ratio < 1].min()
    # two of the original's own points, taken as those of lines, lead between the same whole numbers
    gaps = np.subtract(*(series(report, side, "energy_pj_per_token") for side in ("speculative", "baseline")))
    by_hand = prompts[0] - gaps[0] * (prompts[-1] - prompts[0]) / (gaps[-1] - gaps[0])
    assert found["low"][0] <= by_hand <= found["high"][0]
    assert found["high"][0] - found["low"][0] <= 1
    assert report["break_even_tokens_per_joule_l_prompt"] == 64  # the smallest prompt that was tried
