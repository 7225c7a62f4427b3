"""The original's Python names on our models: its usage as written, hand-worked cases, its slips, refusals."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import symppa
from symppa.compat.soc import (
    ArchitectureVariant,
    ChipletConfig,
    PerformanceModel,
    PowerModel,
    Precision,
    ScalingModel,
    SMConfig,
    SoCConfig,
    sensitivity_analysis,
)
from symppa.compat.soc.exploration import variants
from symppa.compat.soc.targets import meets, target
from symppa.errors import DomainError, QuestionError, SymppaError, UnknownValueError

# 2 chiplets of 10 multiprocessors with 3 tensor cores of 100 operations at 1.5 GHz: 9 TFLOPS on 200 mm2;
# 3 stacks of 200 GB/s: 0.6 TB/s, so the ridge point is 15 FLOP/byte.
SM = SMConfig(tensor_cores=3, clock_mhz=1500, tensor_core_ops_per_cycle={Precision.FP16: 100, Precision.FP8: 225})
CHIPLET = ChipletConfig(num_sms=10, l2_cache_mb=4, area_mm2=100, sm_config=SM)
SMALL = SoCConfig(num_chiplets=2, hbm3e_stacks=3, hbm3e_bandwidth_gbps_per_stack=200, chiplet_config=CHIPLET)


# The usage the original documents, with this module's name in its import.
USAGE = """
from symppa.compat.soc import (
    SoCConfig, ChipletConfig, SMConfig,
    PerformanceModel, PowerModel, ScalingModel,
    Precision
)

# Create configuration
soc = SoCConfig(
    num_chiplets=4,
    hbm3e_stacks=8,
    chiplet_config=ChipletConfig(num_sms=16)
)

# Analyze performance
perf_model = PerformanceModel(soc)
peak_tflops = perf_model.peak_compute(Precision.FP16)
print(f"Peak FP16: {peak_tflops:.1f} TFLOPS")

# Analyze power
power_model = PowerModel(soc)
total_power = power_model.total_power(utilization=1.0)
print(f"Peak Power: {total_power:.1f} W")

# Generate roofline plot
perf_model.plot_roofline(Precision.FP16, save_path='roofline.png')
"""


class TestTheSeedsUsage:
    def test_runs_as_written(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        exec(USAGE, {})
        assert capsys.readouterr().out == "Peak FP16: 65.5 TFLOPS\nPeak Power: 267.2 W\n"
        assert (tmp_path / "roofline.png").stat().st_size > 10_000

    def test_defaults_are_the_shipped_baseline(self):
        ours = symppa.evaluate("nexgen_baseline")
        soc = SoCConfig()
        assert PerformanceModel(soc).compute_density(Precision.FP16) == ours["compute_density"]
        assert PowerModel(soc).total_power() == ours["power"]
        assert variants()[0].soc_config == soc


class TestConfiguration:
    def test_totals(self):
        assert (SMALL.total_sms, SMALL.total_hbm_bandwidth_gbps, SMALL.total_area_mm2) == (20, 600, 200)

    def test_whole_totals_print_without_a_fraction(self):
        soc = replace(SMALL, hbm3e_stacks=7, hbm3e_bandwidth_gbps_per_stack=128)
        assert f"{soc.total_sms} {soc.total_hbm_bandwidth_gbps} {soc.total_area_mm2}" == "20 896 200"

    def test_a_fraction_of_an_area_stays(self):
        soc = replace(SMALL, chiplet_config=replace(CHIPLET, area_mm2=100.25))
        assert soc.total_area_mm2 == pytest.approx(200.5, rel=1e-14)

    def test_one_multiprocessor(self):
        assert SM.peak_tflops(Precision.FP16) == pytest.approx(100 * 3 * 1.5e9 / 1e12, rel=1e-14)

    def test_the_order_of_the_fields_is_the_originals(self):
        assert SMConfig(128, 4, 128, 128, 256, 2000) == SMConfig()
        assert ChipletConfig(16, 6, 256, 400, "TSMC 3nm", SMConfig()) == ChipletConfig()
        assert SoCConfig(4, 8, 128, 6, 100, 6, 16, 128, ChipletConfig()) == SoCConfig()

    def test_numpy_numbers_are_numbers(self):
        assert ChipletConfig(num_sms=np.int64(16), area_mm2=np.float64(400)) == ChipletConfig()

    def test_is_frozen(self):
        with pytest.raises(FrozenInstanceError):
            SMALL.num_chiplets = 4  # type: ignore[misc]

    def test_a_callers_rates_do_not_leak_in(self):
        rates = {Precision.FP16: 100}
        sm = SMConfig(tensor_core_ops_per_cycle=rates)
        rates[Precision.FP16] = 200
        assert sm.tensor_core_ops_per_cycle == {Precision.FP16: 100}

    @pytest.mark.parametrize(
        "change", [{"cuda_cores": 1}, {"l1_cache_kb": 1}, {"shared_memory_kb": 1}, {"register_file_kb": 1}]
    )
    def test_a_descriptive_field_changes_no_number(self, change):
        assert SMConfig(**change).peak_tflops(Precision.FP16) == SMConfig().peak_tflops(Precision.FP16)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: SoCConfig(num_chiplets=-1), r"SoCConfig.num_chiplets = -1; expected a whole number of at least 1"),
            (lambda: SoCConfig(hbm3e_stacks=0), "SoCConfig.hbm3e_stacks = 0"),
            (lambda: SoCConfig(num_chiplets=2.5), "SoCConfig.num_chiplets = 2.5; expected a whole number"),
            (lambda: SoCConfig(num_chiplets="4"), "SoCConfig.num_chiplets = '4' is a str"),
            (lambda: SoCConfig(num_chiplets=True), "SoCConfig.num_chiplets = True is a bool"),
            (lambda: SoCConfig(nvlink_lanes=-6), "SoCConfig.nvlink_lanes = -6"),
            (lambda: SoCConfig(hbm3e_bandwidth_gbps_per_stack=0), "expected a finite number above 0"),
            (lambda: SoCConfig(chiplet_config=SMConfig()), "SoCConfig.chiplet_config = .* expected a ChipletConfig"),
            (lambda: ChipletConfig(num_sms=-16), "ChipletConfig.num_sms = -16"),
            (lambda: ChipletConfig(area_mm2=-400), "ChipletConfig.area_mm2 = -400"),
            (lambda: ChipletConfig(l2_cache_mb=-6), "ChipletConfig.l2_cache_mb = -6"),
            (lambda: ChipletConfig(process_node=3), "ChipletConfig.process_node = 3 is a int; expected a str"),
            (lambda: ChipletConfig(sm_config=None), "ChipletConfig.sm_config = None is a NoneType"),
            (lambda: SMConfig(tensor_cores=-4), "SMConfig.tensor_cores = -4"),
            (lambda: SMConfig(clock_mhz=float("inf")), "SMConfig.clock_mhz = inf"),
            (lambda: SMConfig(clock_mhz=float("nan")), "SMConfig.clock_mhz = nan"),
            (lambda: SMConfig(tensor_core_ops_per_cycle={}), r"= \{\}; expected \{Precision: number\}"),
            (lambda: SMConfig(tensor_core_ops_per_cycle={"FP16": 128}), "'FP16' is a str; expected a Precision"),
            (lambda: SMConfig(tensor_core_ops_per_cycle={Precision.FP16: -1}), r"per_cycle\[FP16\] = -1"),
        ],
    )
    def test_refuses_with_what_where_and_expected(self, make, message):
        with pytest.raises(SymppaError, match=message):
            make()

    def test_an_unknown_field_is_a_type_error(self):
        with pytest.raises(TypeError, match="chiplets"):
            SoCConfig(chiplets=4)  # type: ignore[call-arg]

    def test_a_bound_of_the_model_is_refused_by_the_model(self):
        with pytest.raises(DomainError, match="chiplets = 5000 is outside its domain"):
            PowerModel(SoCConfig(num_chiplets=5000)).total_power()


class TestPerformance:
    def test_rates(self):
        model = PerformanceModel(SMALL)
        assert model.peak_compute(Precision.FP16) == pytest.approx(9.0, rel=1e-14)
        assert model.peak_compute(Precision.FP8) == pytest.approx(20.25, rel=1e-14)
        assert model.compute_density(Precision.FP16) == pytest.approx(9.0 / 200, rel=1e-14)
        assert model.memory_bandwidth_tbps() == pytest.approx(0.6, rel=1e-14)
        assert model.arithmetic_intensity_roof(Precision.FP16) == pytest.approx(15.0, rel=1e-14)
        assert model.config is SMALL
        assert model.sm_config is SM

    @pytest.mark.parametrize(("intensity", "attained"), [(10, 6.0), (10.0, 6.0), (15, 9.0), (100, 9.0), (0, 0.0)])
    def test_the_roofline_at_one_intensity(self, intensity, attained):
        found = PerformanceModel(SMALL).roofline_performance(intensity, Precision.FP16)
        assert isinstance(found, float)
        assert found == pytest.approx(attained, rel=1e-14)

    @pytest.mark.parametrize(
        "at",
        [[5, 50], (5, 50), np.array([5, 50]), np.array([5.0, 50.0]), np.array([[5], [50]]), np.array([5, 5, 50, 50])],
    )
    def test_the_roofline_keeps_the_shape(self, at):
        found = PerformanceModel(SMALL).roofline_performance(at, Precision.FP16)
        assert found.shape == np.shape(at)
        assert found == pytest.approx(np.where(np.asarray(at) == 5, 3.0, 9.0), rel=1e-14)

    def test_the_two_arguments_come_in_either_order(self):
        model = PerformanceModel(SMALL)
        assert model.roofline_performance(Precision.FP8, 20.0) == model.roofline_performance(20.0, Precision.FP8)

    def test_a_workload_above_the_ridge_is_compute_bound(self):
        found = PerformanceModel(SoCConfig()).analyze_workload(Precision.FP16, 100)
        assert found == {
            "precision": "FP16",
            "arithmetic_intensity": 100,
            "peak_tflops": pytest.approx(65.536, rel=1e-14),
            "achieved_tflops": pytest.approx(65.536, rel=1e-14),
            "efficiency_percent": pytest.approx(100.0, rel=1e-14),
            "bottleneck": "Compute",
            "ridge_point": pytest.approx(64.0, rel=1e-14),
        }

    def test_a_workload_below_the_ridge_is_memory_bound(self):
        found = PerformanceModel(SMALL).analyze_workload(Precision.FP16, 5)
        assert found["bottleneck"] == "Memory"
        assert found["efficiency_percent"] == pytest.approx(100 * 3 / 9, rel=1e-14)

    @pytest.mark.parametrize(
        ("ask", "error", "message"),
        [
            (lambda m: m.peak_compute(Precision.FP4), UnknownValueError, "has no precision 'FP4'; did you mean FP8"),
            (lambda m: m.peak_compute("FP16"), QuestionError, "precision = 'FP16' is a str; expected a Precision"),
            (lambda m: m.roofline_performance(1.0, 2.0), QuestionError, "precision = 2.0 is a float"),
            (lambda m: m.roofline_performance(Precision.FP16, Precision.FP8), QuestionError, "arithmetic_intensity"),
            (lambda m: m.roofline_performance([], Precision.FP16), QuestionError, "is empty"),
            (lambda m: m.roofline_performance(["a"], Precision.FP16), QuestionError, "expected a number"),
            (lambda m: m.roofline_performance([1, -1], Precision.FP16), DomainError, "arithmetic_intensity = -1"),
            (lambda m: m.roofline_performance(float("nan"), Precision.FP16), DomainError, "= nan; expected finite"),
            (lambda m: m.analyze_workload(Precision.FP16, [1, 2]), QuestionError, "a workload has one intensity"),
            (lambda m: PerformanceModel(CHIPLET), QuestionError, "soc_config = .* expected a SoCConfig"),
            (lambda m: PerformanceModel(SMALL, "yes"), QuestionError, "as_coded = 'yes' is a str"),
        ],
    )
    def test_refuses(self, ask, error, message):
        with pytest.raises(error, match=message):
            ask(PerformanceModel(SMALL))


class TestAsCoded:
    def test_the_ridge_takes_bytes_for_bits(self):
        assert PerformanceModel(SMALL, as_coded=True).arithmetic_intensity_roof(Precision.FP16) == pytest.approx(
            8 * 15.0, rel=1e-14
        )

    @pytest.mark.parametrize("at", [100, [100, 30], np.array([100])])
    def test_whole_intensities_cut_the_peak(self, at):
        model = PerformanceModel(SMALL, as_coded=True)  # FP8 peaks at 20.25 TFLOPS
        assert np.max(model.roofline_performance(at, Precision.FP8)) == 20.0
        assert np.max(model.roofline_performance(np.asarray(at) * 1.0, Precision.FP8)) == pytest.approx(20.25)

    def test_the_seeds_gemm(self):
        found = PerformanceModel(SoCConfig(), as_coded=True).analyze_workload(Precision.FP16, 100)
        assert (found["achieved_tflops"], found["bottleneck"], found["ridge_point"]) == (65.0, "Memory", 512.0)
        assert found["efficiency_percent"] == pytest.approx(100 * 65 / 65.536, rel=1e-14)

    def test_a_workload_without_work(self):
        assert PerformanceModel(SMALL, as_coded=True).analyze_workload(Precision.FP8, 0)["efficiency_percent"] == 0

    def test_rates_and_powers_have_no_slip(self):
        plain, coded = PerformanceModel(SMALL), PerformanceModel(SMALL, as_coded=True)
        assert coded.peak_compute(Precision.FP8) == plain.peak_compute(Precision.FP8)
        assert PowerModel(SMALL, as_coded=True).total_power(0.5) == PowerModel(SMALL).total_power(0.5)
        counts = [1, 2]
        assert ScalingModel(CHIPLET, as_coded=True).power_scaling(counts) == ScalingModel(CHIPLET).power_scaling(counts)


class TestPower:
    # 20 SMs of 1.5 W, 8 MB of 50 mW, 3 stacks of 15 W; 2 idle chiplets of 5 W; 30 W of links.
    def test_fully_used(self):
        model = PowerModel(SMALL)
        assert model.dynamic_power() == pytest.approx(30 + 0.4 + 45, rel=1e-14)
        assert model.static_power() == pytest.approx(10, rel=1e-14)
        assert model.total_power() == pytest.approx(115.4, rel=1e-14)
        assert model.power_efficiency(Precision.FP16) == pytest.approx(9 / 115.4, rel=1e-14)
        assert model.thermal_estimate() == pytest.approx(25 + 11.54, rel=1e-13)

    def test_at_a_quarter_the_cache_still_draws_half(self):
        assert PowerModel(SMALL).dynamic_power(0.25) == pytest.approx(0.25 * 75 + 0.5 * 0.4, rel=1e-14)

    def test_other_surroundings(self):
        found = PowerModel(SMALL).thermal_estimate(1.0, ambient_c=-10, theta_ja=0.2)
        assert found == pytest.approx(-10 + 0.2 * 115.4, rel=1e-12)

    def test_many_utilizations_at_once(self):
        model, use = PowerModel(SMALL), [0.0, 0.25, 1.0]
        assert model.total_power(use) == pytest.approx([40, 40 + 18.95, 115.4], rel=1e-14)
        assert model.power_efficiency(Precision.FP16, np.array(use))[0] == 0
        assert model.thermal_estimate(use).shape == (3,)
        assert isinstance(model.total_power(0.25), float)

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda m: m.total_power(1.5), "utilisation = 1.5 is outside its domain, 0 to 1"),
            (lambda m: m.total_power(-0.5), "utilization = -0.5; expected finite numbers of at least 0"),
            (lambda m: m.total_power("full"), "utilization = 'full'"),
            (lambda m: m.thermal_estimate(ambient_c="warm"), "ambient_c = 'warm' is a str"),
            (lambda m: m.thermal_estimate(theta_ja=-1), "theta_ja = -1"),
            (lambda m: m.power_efficiency(0.5), "precision = 0.5 is a float; expected a Precision"),
            (lambda m: PowerModel(None), "soc_config = None"),
        ],
    )
    def test_refuses(self, ask, message):
        with pytest.raises(SymppaError, match=message):
            ask(PowerModel(SMALL))


class TestScaling:
    def test_each_chiplet_brings_two_stacks(self):
        model = ScalingModel(CHIPLET)
        assert model.compute_scaling([1, 3], Precision.FP16) == pytest.approx({1: 4.5, 3: 13.5}, rel=1e-14)
        assert model.memory_scaling([1, 3]) == pytest.approx({1: 0.256, 3: 0.768}, rel=1e-14)
        assert model.power_scaling([1, 3]) == pytest.approx({1: 30 + 50.2, 3: 30 + 150.6}, rel=1e-14)
        assert model.power_scaling([1], utilization=0) == pytest.approx({1: 35.0}, rel=1e-14)
        assert model.base_config is CHIPLET

    def test_all_of_it(self):
        found = ScalingModel(CHIPLET).efficiency_analysis(range(1, 3), Precision.FP16)
        assert list(found) == [1, 2]
        assert found[2] == pytest.approx(
            {
                "compute_tflops": 9.0,
                "memory_tbps": 0.512,
                "power_watts": 130.4,
                "tflops_per_watt": 9.0 / 130.4,
                "compute_per_area": 9.0 / 200,
            },
            rel=1e-14,
        )

    def test_seven_chiplets_of_the_baseline_fit_into_500_w(self):
        found = ScalingModel(ChipletConfig()).power_scaling([7, 8])  # 30 W + 59.3 W for each chiplet
        assert found == pytest.approx({7: 445.1, 8: 504.4}, rel=1e-14)
        assert [meets("power", watts, "W") for watts in found.values()] == [True, False]

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda m: m.memory_scaling([]), "expected a list of whole numbers, at least one"),
            (lambda m: m.memory_scaling(4), "num_chiplets_list = 4; expected a list"),
            (lambda m: m.memory_scaling([2, 0]), "num_chiplets_list = 0; expected a whole number of at least 1"),
            (lambda m: m.power_scaling([2], utilization=-1), "utilization = -1"),
            (lambda m: m.compute_scaling([2], Precision.FP32), "no precision 'FP32'"),
            (lambda m: ScalingModel(SMALL), "expected a ChipletConfig"),
        ],
    )
    def test_refuses(self, ask, message):
        with pytest.raises(SymppaError, match=message):
            ask(ScalingModel(CHIPLET))


class TestFigures:
    """Without a path a figure comes back; with one it is written, and folders on the way are made."""

    def test_of_a_roofline(self, tmp_path):
        figure = PerformanceModel(SMALL).plot_roofline(Precision.FP16)
        assert "15.0 FLOP/byte" in figure.axes[0].get_title(loc="left")
        PerformanceModel(SMALL).plot_roofline(Precision.FP8, tmp_path / "new" / "roofline.png")
        assert (tmp_path / "new" / "roofline.png").stat().st_size > 10_000

    def test_of_growth(self, tmp_path):
        figure = ScalingModel(CHIPLET).plot_scaling([1, 2, 4], Precision.FP16, save_path=str(tmp_path / "grown.png"))
        assert len(figure.axes) == 4
        assert (tmp_path / "grown.png").stat().st_size > 10_000


class TestVariants:
    def test_a_variant_of_ones_own(self):
        found = ArchitectureVariant("Small", "for a hand calculation", SM, CHIPLET, SMALL).evaluate()
        assert found == {
            "name": "Small",
            "fp16_tflops": pytest.approx(9.0),
            "fp16_density_tflops_per_mm2": pytest.approx(0.045),
            "total_power_w": pytest.approx(115.4),
            "efficiency_tflops_per_w": pytest.approx(9 / 115.4),
            "total_area_mm2": 200,
            "num_chiplets": 2,
            "total_sms": 20,
            "meets_density_target": False,
            "meets_power_target": True,
        }

    def test_targets_are_those_of_the_baseline(self):
        assert (target("compute_density", "TFLOPS/mm2"), target("power", "W")) == (2.0, 500.0)
        assert meets("compute_density", 2.0, "TFLOPS/mm2")
        assert not meets("compute_density", 1.99, "TFLOPS/mm2")

    def test_five_are_shipped_in_the_order_of_the_original(self):
        names = [v.name for v in variants()]
        assert names == [
            "Baseline",
            "Realistic Optimized",
            "High SM Density",
            "Aggressive Optimized",
            "Power Optimized",
        ]

    def test_a_users_own_folder_does_not_change_them(self, tmp_path, monkeypatch):
        before = variants()[1].evaluate()
        (tmp_path / "nexgen_realistic_optimized.yaml").write_text("schema: 1\nextends: nexgen_baseline\n")
        monkeypatch.setenv("SYMPPA_PATH", str(tmp_path))
        assert variants()[1].evaluate() == before

    def test_configurations_that_contradict_each_other_are_refused(self):
        with pytest.raises(QuestionError, match="Odd: chiplet_config is not the one in soc_config"):
            ArchitectureVariant("Odd", "", SM, ChipletConfig(), SMALL)
        with pytest.raises(QuestionError, match="Odd: sm_config is not the one in chiplet_config"):
            ArchitectureVariant("Odd", "", SMConfig(), CHIPLET, SMALL)


class TestSensitivity:
    @pytest.mark.parametrize(
        ("name", "values", "peak"),
        [
            ("num_sms", [10, 20], [9.0, 18.0]),
            ("num_sms", np.array([10, 20]), [9.0, 18.0]),
            ("num_sms", [10.0, 20.0], [9.0, 18.0]),
            ("chiplet_area", [50.5, 400], [9.0, 9.0]),
            ("clock_mhz", [1000, 2250.5], [6.0, 13.503]),
            ("tensor_cores", range(1, 3), [3.0, 6.0]),
            ("fp16_ops_per_cycle", [50, 200], [4.5, 18.0]),
        ],
    )
    def test_a_metric_along_a_parameter(self, name, values, peak):
        at, found = sensitivity_analysis(
            SMALL, name, values, lambda soc: PerformanceModel(soc).peak_compute(Precision.FP16), "Peak"
        )
        assert at is values
        assert found == pytest.approx(peak, rel=1e-13)

    @pytest.mark.parametrize("as_coded", [False, True])
    def test_every_other_field_stays_unless_as_coded(self, as_coded):
        base = replace(SMALL, pcie_gen=7, chiplet_config=replace(CHIPLET, process_node="5nm"))
        _, (found,) = sensitivity_analysis(base, "num_sms", [10], lambda soc: soc, as_coded=as_coded)
        forgotten = found.hbm3e_bandwidth_gbps_per_stack, found.pcie_gen, found.chiplet_config.process_node
        assert forgotten == ((128, 6, "TSMC 3nm") if as_coded else (200, 7, "5nm"))
        assert found.hbm3e_stacks == 3

    def test_as_coded_cuts_a_clock_to_whole_mhz(self):
        _, (found,) = sensitivity_analysis(SMALL, "clock_mhz", [1000.9], lambda soc: soc, as_coded=True)
        assert found.chiplet_config.sm_config.clock_mhz == 1000

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((SMALL, "sms", [1], len), "has no parameter 'sms'; did you mean num_sms"),
            ((SMALL, "num_sms", [1.5], len), "ChipletConfig.num_sms = 1.5; expected a whole number"),
            ((SMALL, "num_sms", [-1], len), "num_sms = -1"),
            ((SMALL, "num_sms", ["1"], len), "num_sms = '1' is a str"),
            ((SMALL, "num_sms", [1], "peak"), "metric = 'peak'; expected a function"),
            ((CHIPLET, "num_sms", [1], len), "base_soc = .* expected a SoCConfig"),
        ],
    )
    def test_refuses(self, arguments, message):
        with pytest.raises(SymppaError, match=message):
            sensitivity_analysis(*arguments)
