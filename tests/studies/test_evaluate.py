"""evaluate: values with units, sources and places; undefined results are explained."""

import json
import pickle
import re

import numpy as np
import pint
import pytest

from symppa import Model, Result, evaluate, formula, given, index, largest, load, sweep, total, units
from symppa.errors import MissingValueError, QuestionError, SymppaError, UndefinedResultError, UnknownValueError
from symppa.language import lambert_w, log


class Memory(Model):
    """A store seen from its port."""

    traffic = given("byte", "bytes moved")
    bandwidth = given("byte/s", "sustained bandwidth", default="100 GB/s")
    busy_time = formula("s", traffic / bandwidth, "time the port is occupied", derived=True)


class Layers(Model):
    """Layers one after another."""

    layer = index("layers")
    work = given("op", "work of a layer", over=layer)
    rate = given("TOPS", "rate")
    time = formula("ms", work / rate, "time of a layer", derived=True)
    latency = formula("ms", total(time, over=layer), "time of all", derived=True)
    slowest = formula("ms", largest(time, over=layer), "slowest layer", derived=True)


def test_a_text_a_quantity_an_array_and_a_plain_number_mean_the_same():
    ureg = pint.UnitRegistry()
    for traffic in ("4 MB", ureg.Quantity(4, "MB"), 4e6, (4.0, "MB"), np.float64(4e6)):
        assert evaluate(Memory(), {"traffic": traffic})["busy_time"] == pytest.approx(40e-6, rel=1e-14)


def test_a_class_an_instance_and_a_configured_instance_are_systems():
    assert evaluate(Memory, {"traffic": "1 MB"})["busy_time"] == 1e-5
    assert evaluate(Memory(bandwidth="200 GB/s"), {"traffic": "1 MB"})["busy_time"] == 5e-6


def test_members_by_label_keep_their_labels():
    result = evaluate(Layers(), {"work": {"first": "1 GFLOP", "second": "3 GFLOP"}, "rate": "1 TOPS"})
    assert result["time"].tolist() == [1.0, 3.0]
    assert result.coordinates["layer"].values.tolist() == ["first", "second"]
    assert (result["latency"], result["slowest"]) == (4.0, 3.0)


def test_equal_members_merge_inside_and_come_back_outside():
    result = evaluate(Layers(), {"work": np.array([1e9, 2e9, 1e9, 1e9]), "rate": 1.0})
    assert result["time"].tolist() == [1.0, 2.0, 1.0, 1.0]
    assert result["latency"] == 5.0


def test_a_quantity_comes_back_in_the_declared_unit():
    quantity = evaluate(Memory(), {"traffic": "1 MB"}).quantity("busy_time")
    assert quantity.to("us").magnitude == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({}, MissingValueError, r"no value for traffic \[byte\] \(bytes moved\)"),
        ({"trafic": 1.0}, UnknownValueError, "did you mean traffic"),
        ({"traffic": "1 MB", "bandwidth": "0 byte/s"}, UndefinedResultError, "busy_time is infinite.*division by zero"),
        ({"traffic": float("nan")}, UndefinedResultError, "traffic is not finite"),
    ],
)
def test_what_cannot_be_answered_says_why(values, error, said):
    with pytest.raises(error, match=said):
        evaluate(Memory(), values)


def test_thermal_runaway_is_named():
    class Leaky(Model):
        drive = given("1", "drive")
        leak = formula("1", -lambert_w(-drive, 0), "leakage", derived=True)

    assert evaluate(Leaky(), {"drive": 0.1})["leak"] == pytest.approx(0.11183255915896297, rel=1e-14)
    with pytest.raises(UndefinedResultError, match=r"leak is undefined.*thermal runaway.*in leak"):
        evaluate(Leaky(), {"drive": 0.5})


def test_a_logarithm_of_nothing_is_named():
    class Bits(Model):
        levels = given("1", "levels")
        bits = formula("1", log(levels) / log(2), "bits", derived=True)

    with pytest.raises(UndefinedResultError, match=r"bits is undefined.*logarithm"):
        evaluate(Bits(), {"levels": -1})


def test_json_is_the_same_bytes_each_time_and_complete():
    first, second = evaluate("nexgen_baseline").to_json(), evaluate(load("nexgen_baseline")).to_json()
    assert first == second
    read = json.loads(first)
    assert read["outputs"]["power"]["values"] == 267.2
    assert read["outputs"]["power"]["unit"] == "W"
    assert read["inputs"]["clock"]["value"] == "2 GHz"
    assert read["inputs"]["sm_power"]["origin"] == "default"
    assert set(read["hashes"]) == {"program", "inputs", "nexgen_baseline.yaml"}
    assert read["versions"]["symppa"]


def test_the_cached_program_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path))
    first = evaluate("nexgen_baseline").to_json()
    assert list(tmp_path.glob("*.json"))
    assert evaluate("nexgen_baseline").to_json() == first


def test_a_damaged_or_foreign_cache_entry_is_ignored(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path))
    first = evaluate("nexgen_baseline").to_json()
    for entry in tmp_path.glob("*.json"):
        entry.write_text(entry.read_text().replace("267", "268").replace("ngaisoc", "nobody"))
    assert evaluate("nexgen_baseline").to_json() == first
    assert "damaged" in caplog.text
    for entry in tmp_path.glob("*.json"):
        entry.chmod(0o666)
    assert evaluate("nexgen_baseline").to_json() == first
    assert "others can write" in caplog.text


def test_a_result_can_be_pickled_and_tabled():
    result = evaluate("nexgen_baseline")
    again: Result = pickle.loads(pickle.dumps(result))
    assert again.to_json() == result.to_json()
    assert result.to_frame().attrs["units"]["power"] == "W"
    assert result.to_xarray()["attained"].attrs["units"] == "TFLOPS"
    assert result.to_xarray()["attained"].dims == ("loads",)


def test_a_result_cannot_be_changed():
    result = sweep("nexgen_baseline", axes={"clock": [1.0, 2.0]}, outputs=["peak_compute"])
    with pytest.raises(ValueError, match="read-only"):
        result["peak_compute"][0] = 77
    with pytest.raises(TypeError):
        result.outputs["power"] = 3


def test_inputs_are_data_and_their_hash_is_of_every_value():
    read = json.loads(evaluate("nexgen_baseline").to_json())
    assert read["inputs"]["chiplet.sm.ops_per_cycle"]["value"]["FP16"] == "128 op/cycle"
    values = {"work": np.arange(1e9, 2e9, 1e7), "rate": 1.0}
    other = {**values, "work": np.where(values["work"] == 1.5e9, 1.6e9, values["work"])}
    assert evaluate(Layers(), values).hashes["inputs"] != evaluate(Layers(), other).hashes["inputs"]


def test_a_vector_replaced_keeps_its_labels():
    assert evaluate("nexgen_baseline", {"chiplet.sm.ops_per_cycle": "300 op/cycle"})["peak_compute"] == 153.6
    six = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert evaluate("nexgen_baseline", {"chiplet.sm.ops_per_cycle": six})["ops_per_cycle"] == 4.0


def test_only_systems_are_evaluated():
    with pytest.raises(QuestionError, match="is no system"):
        evaluate(42)


def test_a_choice_that_is_no_label_is_refused():
    for odd in ({"a": 1}, None, 1 + 1j):
        with pytest.raises(SymppaError, match="precision"):
            evaluate("nexgen_baseline", {"precision": odd})


def test_values_with_units_may_stand_beside_plain_ones():
    values = {"work": [1.0, (2.0, "op"), "3 op"], "rate": 1.0}
    assert evaluate(Layers(), values)["latency"] * 1e9 == pytest.approx(6.0)  # 6 op at 1 TOPS: 6e-12 s


def test_the_question_tells_what_was_asked():
    question = evaluate(load("nexgen_baseline"), {"clock": (2, "GHz")}, outputs="power").question
    assert question == {
        "system": "nexgen_baseline", "class": "ChipletSoC", "parts": {}, "set": {"clock": "2 GHz"}, "outputs": ["power"]
    }  # fmt: skip
    assert evaluate(Memory, {"traffic": 1.0}).question["class"].endswith("test_evaluate.Memory")


def test_a_product_of_two_outputs_is_no_pattern():
    asked = ["energy*latency", "energy/macs", "cyc*", "energy**2"]
    found = evaluate("gemm_tiler", outputs=asked)
    assert list(found.outputs) == ["energy*latency", "energy/macs", "cycles", "energy**2"]
    alone = evaluate("gemm_tiler", outputs=["energy", "latency"])
    joules, seconds = (float(alone[name]) * units.measure(alone.outputs[name].unit).worth for name in alone.outputs)
    assert units.dimension(found.outputs["energy*latency"].unit) == units.dimension("J*s")
    assert found["energy*latency"] == pytest.approx(joules * seconds, rel=1e-14)
    many = sweep("gemm_tiler", outputs=asked[:2], axes={"clock": ["1 GHz", "2 GHz"]})
    assert list(many.outputs)[-2:] == asked[:2]


@pytest.mark.parametrize("beside", [(), ("energy",), ("energy/macs",), ("energy*latency", "*")])
@pytest.mark.parametrize("odd", ["zzz*", "*zzz", "energy*zzz", "[z]*", "energ?z"])
def test_a_pattern_that_matches_nothing_is_refused_whatever_stands_beside_it(odd, beside):
    with pytest.raises(QuestionError, match=f"no output that matches '{re.escape(odd)}'"):
        evaluate("gemm_tiler", outputs=[*beside, odd])
