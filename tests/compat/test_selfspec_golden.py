"""The original's own reports, every key and every value, through the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symppa.compat.selfspec import calculator, k_sweep

GOLDEN = Path(__file__).resolve().parents[2].parent / "shared" / "golden" / "selfspec"
ABSENT = [pytest.param("", marks=pytest.mark.skip("no expected reports beside this checkout"))]
CASES = sorted(f"{path.parent.name}/{path.name}" for path in GOLDEN.glob("[SH]/hardware*")) or ABSENT
SWEEPS = sorted(f"{path.parent.name}/{path.name}" for path in GOLDEN.glob("[SH]/k_sweep*")) or ABSENT
OWN = ("generated_at", "paths")  # what a report says of its own run


def differences(found, expected, path=""):
    """Where two trees differ: in shape, in type, or by more than 1e-9 of a number."""
    if type(found) is not type(expected):
        return [f"{path}: {found!r} is not {expected!r}"]
    if isinstance(expected, dict):
        keys = sorted(found.keys() ^ expected.keys())
        inner = [
            d for key in found.keys() & expected.keys() for d in differences(found[key], expected[key], f"{path}.{key}")
        ]
        return [f"{path}: {keys}"] * bool(keys) + inner
    if isinstance(expected, list):
        rows = enumerate(zip(found, expected, strict=False))
        inner = [d for n, (a, b) in rows for d in differences(a, b, f"{path}[{n}]")]
        return [f"{path}: {len(found)} entries"] * (len(found) != len(expected)) + inner
    same = found == pytest.approx(expected, rel=1e-9, abs=0) if isinstance(expected, float) else found == expected
    return [] if same else [f"{path}: {found!r} is not {expected!r}"]


def less(report):
    return {key: value for key, value in report.items() if key not in OWN}


@pytest.mark.parametrize("case", CASES)
def test_a_report_is_the_originals_key_for_key_and_value_for_value(case, tmp_path):
    folder, version, target = GOLDEN / case, case.split("/")[0], tmp_path / "made" / "report.json"
    prompts = map(str, json.loads((folder / "prompt_lengths.json").read_text()))
    files = {name: str(folder / file) for name, file in FILES.items()}
    arguments = [part for pair in files.items() for part in pair]
    told = [*arguments, "--prompt-lengths", *prompts, "--output", str(target), "--version", version]
    assert calculator.main(told) == 0
    text = target.read_text()
    report = json.loads(text)
    assert text == json.dumps(report, indent=2, sort_keys=True) + "\n"
    assert report["paths"] == {"model": files["--model"], "hardware": files["--hardware"], "stats": files["--stats"]}
    assert not differences(less(report), json.loads((folder / f"expected_{version}.json").read_text()))


FILES = {"--model": "model.yaml", "--hardware": "hardware.yaml", "--stats": "stats.json"}


@pytest.mark.parametrize("case", SWEEPS)
def test_a_sweep_over_burst_lengths_is_the_originals(case, tmp_path):
    folder, target = GOLDEN / case, tmp_path / "sweep.json"
    expected = json.loads((folder / "expected_H.json").read_text())
    files = ["--model", str(folder / "model.yaml"), "--hardware", str(folder / "hardware.yaml")]
    files += ["--acceptance-sweep", str(folder / "acceptance_sweep.yaml"), "--output", str(target)]
    assert k_sweep.main([*files, "--prompt-lengths", *map(str, expected["prompt_lengths"])]) == 0
    found = json.loads(target.read_text())
    assert found.keys() == expected.keys()
    assert not differences(less(found), less(expected))
