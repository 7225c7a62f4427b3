"""The seed calculator's own reports, number by number, from the library's models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from symppa.compat.selfspec.values import FEATURES, classes, is_legacy, of_files
from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.library.systems.speculative import Speculation

GOLDEN = Path(__file__).resolve().parents[2].parent / "shared" / "golden" / "selfspec"
CASES = sorted(f"{path.parent.name}/{path.name}" for path in GOLDEN.glob("[SH]/hardware*"))
PHASES = ("draft", "verify_drafted", "verify_bonus")
HEADLINE = {
    "energy_pj_per_token": "energy",
    "latency_ns_per_token": "latency",
    "throughput_tokens_per_s": "throughput",
    "tokens_per_joule": "efficiency",
}
DELTA = {
    "energy_pj_per_token_ratio": "energy_ratio",
    "latency_ns_per_token_ratio": "latency_ratio",
    "throughput_tokens_per_s_ratio": "throughput_ratio",
    "tokens_per_joule_ratio": "efficiency_ratio",
    "energy_pj_per_token_diff": "energy_difference",
    "latency_ns_per_token_diff": "latency_difference",
    "throughput_tokens_per_s_diff": "throughput_difference",
    "tokens_per_joule_diff": "efficiency_difference",
}
OF_SIDE = [
    *HEADLINE.values(),
    "burst_latency",
    *(f"phases.*.{name}" for name in ("energy", "latency", "array_activations", "*_conversions", "compute_*")),
    *(f"phases.*.{group}.*.{name}" for group in ("stages", "components") for name in ("energy", "latency")),
    *(f"phases.*.features.*.{name}" for name in ("ops", "energy", "latency")),
    *(f"phases.*.traffic.{name}" for name in ("energy", "latency", "*.moved")),
]
OUTPUTS = ["*", *(f"{side}.{name}" for side in ("spec", "base") for name in OF_SIDE)]
AREAS = ["spec.core.*_area", "spec.core.areas.*.area", "spec.chip.others.*.area", "spec.area", "spec.off_chip_area"]


def read(path):
    return json.loads(path.read_text()) if path.suffix == ".json" else yaml.safe_load(path.read_text())


def libraries(folder, hardware, version):
    """The library a case names: its own file, or what the original ships."""
    own = hardware.get("library_file")
    if own:
        return read(folder / own)
    shipped = read(GOLDEN / "constants.json")
    changed = shipped["H_8cf00fd_only_changed"] if version == "H" else {}
    return shipped["S_8bcf42e"] | changed


@pytest.fixture(scope="module", params=CASES or [pytest.param("", marks=pytest.mark.skip("no expected reports here"))])
def case(request):
    version, name = request.param.split("/")
    folder = GOLDEN / version / name
    hardware = read(folder / "hardware.yaml")
    library = {} if is_legacy(hardware) else libraries(folder, hardware, version)[hardware["library"]]
    values = of_files(read(folder / "model.yaml"), hardware, read(folder / "stats.json"), library, version)
    report = read(folder / f"expected_{version}.json")
    outputs = [*OUTPUTS, *AREAS, *(["spec.leakage.power", "spec.leakage_energy"] if version == "H" else [])]
    program = compile(Speculation(), outputs, ["spec.prompt"], choose=classes(hardware, version))
    prompts = np.array([point["l_prompt"] for point in report["points"]], float)
    return report, run(program, values | {"spec.prompt": prompts})


def close(found, expected, where):
    expected = np.broadcast_to(np.array(expected, float), np.shape(found))
    assert np.asarray(found) == pytest.approx(expected, rel=1e-9, abs=1e-12), where


def series(report, *path):
    """One number of the report at every prompt length."""
    found = []
    for point in report["points"]:
        for key in path:
            point = point[key]
        found.append(point)
    return found


def at_prompts(value, report):
    return np.broadcast_to(value, len(report["points"]))


def summed(found, side, suffix):
    """A number of every phase, and their sum."""
    by_phase = {phase: found[f"{side}.phases.{phase}.{suffix}"] for phase in PHASES}
    return {**by_phase, "total": sum(by_phase.values())}


SIDES = [("spec", "speculative", "breakdown"), ("base", "baseline", "baseline_breakdown")]


@pytest.mark.parametrize(("side", "headline"), [side[:2] for side in SIDES])
def test_headline(case, side, headline):
    report, found = case
    for key, name in HEADLINE.items():
        close(at_prompts(found[f"{side}.{name}"], report), series(report, headline, key), key)


def test_differences_and_ratios(case):
    report, found = case
    for key, name in DELTA.items():
        expected = np.array(series(report, "delta", key), float)
        scale = np.max(np.abs(series(report, "speculative", key.rsplit("_", 1)[0])))
        assert at_prompts(found[name], report) == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale), key


@pytest.mark.parametrize(("side", "book"), [(side[0], side[2]) for side in SIDES])
@pytest.mark.parametrize(("quantity", "unit"), [("energy", "pj"), ("latency", "ns")])
class TestBreakdown:
    def test_phases(self, case, side, book, quantity, unit):
        report, found = case
        for phase, value in summed(found, side, quantity).items():
            close(at_prompts(value, report), series(report, book, phase, f"{quantity}_{unit}"), phase)

    @pytest.mark.parametrize("group", ["stages", "components"])
    def test_stages_and_components(self, case, side, book, quantity, unit, group):
        report, found = case
        names = {n.split(".")[4] for n in found if n.startswith(f"{side}.phases.draft.{group}.")}
        stated = report["points"][0][book]["draft"][group]
        assert {f"{name}_{quantity}_{unit}" for name in names} >= {
            n for n in stated if n.endswith(f"{quantity}_{unit}")
        }
        for name in {name for name in names if f"{name}_{quantity}_{unit}" in stated}:
            for phase, value in summed(found, side, f"{group}.{name}.{quantity}").items():
                expected = series(report, book, phase, group, f"{name}_{quantity}_{unit}")
                close(at_prompts(value, report), expected, f"{phase} {name}")

    def test_features_and_channels(self, case, side, book, quantity, unit):
        report, found = case
        for feature in FEATURES:
            for name, key in ((quantity, f"{feature}_{quantity}_{unit}"), ("ops", f"{feature}_ops")):
                for phase, value in summed(found, side, f"features.{feature}.{name}").items():
                    close(at_prompts(value, report), series(report, book, phase, "dpu_features", key), f"{phase} {key}")
        for channel, name in (("compute", f"compute_{quantity}"), ("movement", f"traffic.{quantity}")):
            for phase, value in summed(found, side, name).items():
                expected = series(report, book, phase, "channels", f"{channel}_{quantity}_{unit}")
                close(at_prompts(value, report), expected, f"{phase} {channel}")


@pytest.mark.parametrize(("side", "book"), [(side[0], side[2]) for side in SIDES])
def test_counts_and_traffic(case, side, book):
    report, found = case
    for phase in (*PHASES, "total"):
        counts = report["points"][0][book][phase]["activation_counts"]
        for key in counts or ():
            expected = series(report, book, phase, "activation_counts", key)
            close(at_prompts(summed(found, side, key)[phase], report), expected, f"{phase} {key}")
        traffic = report["points"][0][book][phase]["memory_traffic"]
        for key in traffic or ():
            expected = series(report, book, phase, "memory_traffic", key)
            value = summed(found, side, f"traffic.{key.removesuffix('_bytes')}.moved")[phase]
            close(at_prompts(value, report), expected, f"{phase} {key}")


def test_leakage(case):
    report, found = case
    if "leakage" not in report["points"][0]:
        pytest.skip("the seed's version knows no leakage")
    close(found["spec.leakage.power"], report["points"][0]["leakage"]["total_power_nw"], "power")
    close(at_prompts(found["spec.leakage_energy"], report), series(report, "leakage", "energy_pj"), "energy")
    close(at_prompts(found["spec.burst_latency"], report), series(report, "leakage", "burst_latency_ns"), "time")


def test_area(case):
    report, found = case
    for stage in ("qkv", "wo", "ffn"):
        close(found[f"spec.core.{stage}_area"], report["area"][f"{stage}_mm2"], stage)
    stated = report["area_breakdown_mm2"]
    close(found["spec.area"], stated["on_chip_mm2"], "on chip")
    close(found["spec.off_chip_area"], stated["off_chip_hbm_mm2"], "off chip")
    for key, expected in stated["on_chip_components"].items():
        name = key.removesuffix("_mm2")
        places = [f"spec.core.areas.{name}.area", f"spec.chip.others.{name}.area"]
        close(next(found[place] for place in places if place in found), expected, key)
