"""Every recorded value of the original calculator, its slips included."""

from __future__ import annotations

import json

import numpy as np
import pytest

from symppa.compat.soc import (
    ChipletConfig,
    PerformanceModel,
    PowerModel,
    Precision,
    ScalingModel,
    SoCConfig,
    sensitivity_analysis,
)
from symppa.compat.soc.exploration import variants
from symppa.compat.soc.scripts.sensitivity_analysis import METRICS, PARAMETERS, secant
from symppa.studies.sensitivity import sensitivity
from tests.house.tree import ROOT

FILE = ROOT.parent / "shared" / "golden" / "soc" / "soc_golden.json"
GOLDEN = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
pytestmark = pytest.mark.skipif(not GOLDEN, reason="the recorded values, ../shared/golden/soc, are not here")

WITHIN = {"rel": 1e-12, "abs": 0.0}
CASES = [(variant, precision) for variant in variants() for precision in Precision]
NAMES = [f"{variant.name} {precision.value}" for variant, precision in CASES]


def recorded(variant, precision):
    return GOLDEN["variants"][variant.name]["precision"][precision.value]


def whole(number):
    """The intensities were recorded as floats, and asked with whole ones as ints."""
    return int(number) if float(number).is_integer() else float(number)


def test_every_recorded_variant_is_here():
    assert {variant.name for variant in variants()} == set(GOLDEN["variants"])


@pytest.mark.parametrize("variant", variants(), ids=lambda v: v.name)
class TestVariant:
    def test_evaluation(self, variant):
        wanted = GOLDEN["variants"][variant.name]["evaluate"]
        found = variant.evaluate()
        assert list(found) == list(wanted)
        for key, value in wanted.items():
            assert type(found[key]) in (type(value), float)
            assert found[key] == (value if isinstance(value, str | bool) else pytest.approx(value, **WITHIN))

    def test_power_by_utilization(self, variant):
        wanted = GOLDEN["variants"][variant.name]["power"]
        model, use = PowerModel(variant.soc_config), [float(u) for u in wanted]
        found = {
            "dynamic_w": model.dynamic_power(use),
            "static_w": [model.static_power()] * len(use),
            "total_w": model.total_power(use),
            "fp16_tflops_per_w": model.power_efficiency(Precision.FP16, use),
            "junction_c": model.thermal_estimate(use),
        }
        for key, values in found.items():
            assert list(values) == pytest.approx([row[key] for row in wanted.values()], **WITHIN)


@pytest.mark.parametrize(("variant", "precision"), CASES, ids=NAMES)
class TestPrecision:
    def test_rates(self, variant, precision):
        wanted, model = recorded(variant, precision), PerformanceModel(variant.soc_config)
        assert model.peak_compute(precision) == pytest.approx(wanted["peak_tflops"], **WITHIN)
        assert model.compute_density(precision) == pytest.approx(wanted["density_tflops_per_mm2"], **WITHIN)

    def test_the_corrected_roofline(self, variant, precision):
        wanted = recorded(variant, precision)["roofline_float"]
        model = PerformanceModel(variant.soc_config)
        found = model.roofline_performance([float(at) for at in wanted], precision)
        assert list(found) == pytest.approx(list(wanted.values()), **WITHIN)

    def test_the_roofline_as_coded(self, variant, precision):
        wanted = recorded(variant, precision)["roofline_as_coded_int_input"]
        model = PerformanceModel(variant.soc_config, as_coded=True)
        found = model.roofline_performance(np.array([int(at) for at in wanted]), precision)
        assert list(found) == pytest.approx(list(wanted.values()), **WITHIN)

    def test_the_ridge_point_is_an_eighth_of_the_one_as_coded(self, variant, precision):
        wanted, soc = recorded(variant, precision)["ridge_as_coded"], variant.soc_config
        coded = PerformanceModel(soc, as_coded=True).arithmetic_intensity_roof(precision)
        assert coded == pytest.approx(wanted, **WITHIN)
        assert PerformanceModel(soc).arithmetic_intensity_roof(precision) == pytest.approx(wanted / 8, **WITHIN)

    def test_workloads_as_coded(self, variant, precision):
        model = PerformanceModel(variant.soc_config, as_coded=True)
        for wanted in recorded(variant, precision).get("workloads_as_coded", {}).values():
            found = model.analyze_workload(precision, whole(wanted["arithmetic_intensity"]))
            assert list(found) == list(wanted)
            for key, value in wanted.items():
                assert found[key] == (value if isinstance(value, str) else pytest.approx(value, **WITHIN))


def test_scaling():
    wanted = GOLDEN["scaling_fp16"]
    found = ScalingModel(ChipletConfig()).efficiency_analysis([int(n) for n in wanted], Precision.FP16)
    for number, row in wanted.items():
        assert found[int(number)] == pytest.approx(row, **WITHIN)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
class TestSensitivity:
    @pytest.mark.parametrize("as_coded", [False, True])
    def test_values_along_a_parameter(self, parameter, as_coded):
        wanted = GOLDEN["sensitivity"][parameter.name]
        assert list(parameter.values) == wanted["values"]

        for key, metric in zip(("density", "power", "peak"), METRICS.values(), strict=True):
            values = np.array(wanted["values"])
            at, found = sensitivity_analysis(SoCConfig(), parameter.name, values, metric, key, as_coded=as_coded)
            assert at is values
            assert found == pytest.approx(wanted[key], **WITHIN)

    def test_from_end_to_end(self, parameter):
        wanted = GOLDEN["sensitivity"][parameter.name]["secant_sensitivity"]
        assert secant(sensitivity("nexgen_baseline", "compute_density"), parameter.given) == pytest.approx(
            wanted, **WITHIN
        )
