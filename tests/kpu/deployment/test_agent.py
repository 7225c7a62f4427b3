"""Deployments from the network to the report, and what is refused on the way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from symppa.errors import DeploymentError, QuantizationError
from symppa.kpu import (
    DeploymentAgent,
    KPUConfig,
    KPUProgram,
    PowerConfig,
    StillwaterKPUTarget,
    ValidationConfig,
)
from symppa.kpu.deployment.images import imagenet, samples, yolo
from symppa.kpu.deployment.power import measure, power_at_load
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.results import KPUExecutionResult, KPUPerformanceMetrics

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
SHAPE = [1, 3, 16, 16]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    parts = [torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
    return torch.nn.Sequential(*parts, torch.nn.Linear(8, 4)).eval()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(100):
        Image.fromarray(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)).save(folder / f"{number:03}.png")
    return folder


def order(network, folder, **more):
    return {"model": network, "target": "swkpu", "input_shape": SHAPE, "precision": "fp16", "output_dir": folder} | more


def test_an_archive_and_a_folder_of_pictures_become_a_checked_program_and_a_report(network, pictures, tmp_path):
    exported = torch.export.export(network, (torch.zeros(SHAPE),))
    torch.export.save(exported, tmp_path / "net.pt2")
    (tmp_path / "net.pt2").rename(tmp_path / "yolov8n.pt")
    agent = DeploymentAgent()
    agent.register_target("swkpu", StillwaterKPUTarget())
    told = order(str(tmp_path / "yolov8n.pt"), tmp_path / "out", precision="int8", calibration_data=str(pictures))
    found = agent.execute(told).check()
    assert found.success
    assert found.failures == []
    assert found.accuracy.samples == 100
    assert 0 < found.accuracy.differences[found.program.output_ids[0]].worst < 0.01
    assert found.remarks == ["there is no test_data: checked over calibration_data"]
    assert KPUProgram.load(found.artifact).precision is KPUPrecision.INT8
    written = json.loads(found.report.read_text())
    assert written["success"] is True
    assert written["power"]["measured"] == found.power.measured
    assert written["metrics"]["total_cycles"] == found.metrics.total_cycles > 0


def test_without_samples_answers_are_not_checked_and_that_is_said(network, tmp_path):
    found = DeploymentAgent().execute(order(network, tmp_path)).check()
    assert found.accuracy is None
    assert found.remarks == ["there is neither test_data nor calibration_data: accuracy was not checked"]


def test_answers_that_differ_too_much_fail_and_the_program_is_written_all_the_same(network, tmp_path):
    tested = np.random.default_rng(0).normal(size=(5, *SHAPE[1:])).astype(np.float32)
    found = DeploymentAgent().execute(order(network, tmp_path, test_data=tested, accuracy_tolerance=1e-6))
    assert not found.success
    assert "differs by" in found.failures[0]
    assert found.artifact.is_file()
    assert found.error is None


def test_a_budget_below_what_a_run_takes_fails(network, tmp_path):
    settings = ValidationConfig(power_validation=PowerConfig(power_budget_watts=0.1))
    found = DeploymentAgent(settings).execute(order(network, tmp_path))
    assert not found.success
    assert any("above the budget of 0.1 W" in one for one in found.failures)


def test_a_device_over_its_thermal_design_power_fails(network, tmp_path):
    config = KPUConfig()
    config.compute.tdp_watts, config.compute.idle_watts = 0.6, 0.5
    agent = DeploymentAgent()
    agent.register_target("swkpu", StillwaterKPUTarget(config))
    found = agent.execute(order(network, tmp_path))
    assert any("thermal design power of 0.6 W" in one for one in found.failures)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": None}, "No model provided"),
        ({"input_shape": None}, "No input_shape provided"),
        ({"target": "x"}, r"Target 'x' not available. Available: \['swkpu'\]"),
        ({"precision": "int8"}, "INT8 precision requires calibration_data"),
        ({"precission": "int8"}, "there is no 'precission' to ask for; did you mean precision"),
        ({"input_shape": [1, -3]}, "write the sizes of one input"),
        ({"validation_samples": 0}, "a whole number from 1 on"),
        ({"accuracy_tolerance": 0}, "a percentage above 0"),
        ({"test_data": "nowhere"}, "there is no file or folder nowhere"),
        ({"test_data": np.zeros((2, 3, 8, 8))}, r"Input shape mismatch: expected \(1,3,16,16\), got \(2,3,8,8\)"),
    ],
)
def test_an_order_that_cannot_be_carried_out_says_why(network, tmp_path, change, message):
    found = DeploymentAgent().execute(order(network, tmp_path) | change)
    assert not found.success
    assert not list(tmp_path.iterdir())
    with pytest.raises(DeploymentError, match=message):
        found.check()


def test_fewer_than_a_hundred_samples_are_refused(network, pictures, tmp_path):
    told = order(network, tmp_path, precision="int8", calibration_data=pictures, calibration_samples=99)
    with pytest.raises(QuantizationError, match="INT8 calibration requires at least 100 samples"):
        DeploymentAgent().execute(told).check()


def test_pictures_are_cropped_for_imagenet_and_surrounded_with_grey_for_yolo():
    wide = Image.new("RGB", (64, 32), (255, 0, 0))
    cropped = imagenet(wide, 28, 28)
    assert cropped.shape == (3, 28, 28)
    assert cropped[:, 0, 0] == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], rel=1e-5)
    around = yolo(wide, 32, 32)
    assert around[:, 0, 0] == pytest.approx([114 / 255] * 3)
    assert around[:, 16, 16].tolist() == [1.0, 0.0, 0.0]


def test_a_folder_of_pictures_with_arrays_among_them_is_refused(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", np.zeros(SHAPE))
    with pytest.raises(DeploymentError, match="pictures and files of numpy"):
        samples(tmp_path, SHAPE, "imagenet", 10, "test_data")


def test_a_damaged_picture_is_refused_with_its_name(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DeploymentError, match="no picture that can be read"):
        samples(tmp_path, SHAPE, "yolo", 10, "test_data")


class Drifting:
    """A runtime of one's own whose power is never the same twice."""

    def __init__(self):
        self.runs = 0

    def execute(self, inputs, mode):
        self.runs += 1
        return KPUExecutionResult(True, metrics=KPUPerformanceMetrics(average_power_watts=float(self.runs)))


def test_power_is_the_mean_of_what_follows_the_warm_up():
    settings = PowerConfig(measurement_duration_sec=60, warmup_iterations=2, measurement_iterations=3)
    runtime = Drifting()
    power, _, count = measure(runtime, {}, settings)
    assert (power, count, runtime.runs) == ((3 + 4 + 5) / 3, 3, 5)


def test_power_by_load_reaches_from_idle_to_full_load(network):
    from symppa.kpu import KPUCompiler
    from symppa.kpu.hardware import costs

    program = KPUCompiler().compile(network, KPUConfig(), "fp16", input_shape=tuple(SHAPE))
    assert power_at_load(program, 0.0) == pytest.approx(0.5)
    assert power_at_load(program, 1.0) == pytest.approx(costs(KPUConfig(), KPUPrecision.FP16).full_power)
