"""A result gives its numbers once more, from what it recorded; whatever else is in the file is refused."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symppa
from symppa import Model, compare, evaluate, formula, index, pareto, replay, sensitivity, sweep, table, total
from symppa.errors import AnswerIsNo, QuestionError, SymppaError, UndefinedResultError
from symppa.language import lookup
from symppa.studies.break_even import break_even
from symppa.studies.recorded import read
from symppa.studies.repeat import repeated, told
from symppa.studies.result import as_data
from symppa.studies.speculate import speculate

GRID = {"chiplet.sms": "16:64:4", "clock": "1.5GHz:3GHz:16"}
MINE = "schema: 1\nextends: nexgen_baseline\nvalues:\n  clock: 2.4 GHz\n"
SOC = "nexgen_baseline"
FRONT = {"power": "min", "compute_density": "max"}
POINTS = {"clock [GHz]": [1.0, 2.0, 3.5], "precision": ["FP8", "FP16", "FP4"]}
ASKED = {
    "analyze": lambda: evaluate(SOC, {"clock": "2.5 GHz", "chiplet.sms": 20}),
    "analyze, an expression": lambda: evaluate(SOC, outputs=["power / chiplets", "by_*.*"]),
    "analyze, a chip and its tables": lambda: evaluate("physical_nexgen"),
    "analyze, a network": lambda: evaluate("qwen3_0p6b"),
    "sweep": lambda: sweep(SOC, axes=GRID),
    "sweep, the best": lambda: sweep(SOC, axes=GRID, keep="best:5:compute_density", where="power <= 500 W"),
    "sweep, nothing feasible": lambda: sweep(SOC, axes=GRID, keep="count", where=["power <= 5 W"]),
    "sweep, ranges": lambda: sweep(SOC, axes=GRID, keep="range:power,compute_density"),
    "sweep, members and labels": lambda: sweep(
        SOC,
        axes={"chiplet.sm.ops_per_cycle.FP16": np.array([64.0, 128.0]), "precision": "FP8,FP16"},
        outputs=["compute_density", "by_format.peak_compute"],
    ),
    "sweep, an array with a unit": lambda: sweep(SOC, axes={"clock": (np.geomspace(1, 3, 7), "GHz")}),
    "sweep, undefined designs": lambda: sweep(SOC, axes={"stack_bandwidth": ["0 GB/s", "100 GB/s"]}),
    "sweep, not a number": lambda: sweep(SOC, axes={"clock": [1.0, float("nan"), 2.0]}),
    "sweep, points": lambda: sweep(SOC, points=POINTS, keep="all"),
    "sweep, a sample": lambda: sweep(SOC, axes={"clock": "1GHz:3GHz", "chiplet.sms": "16:64"}, sample="lhs:9", seed=3),
    "sweep, draws": lambda: sweep(SOC, uncertain={"clock": "normal(2 GHz, 0.1 GHz)"}, sample="sobol:64"),
    "pareto": lambda: pareto(SOC, objectives=FRONT, axes=GRID, outputs=["area"], where=["power <= 500 W"]),
    "sensitivity": lambda: sensitivity(SOC, "compute_density", ranges={"chiplets": "2:8"}),
    "break-even": lambda: break_even("analog_soc", "energy", "plain_energy", "prompt"),
    "break-even, a range": lambda: break_even("analog_soc", "latency", "plain_latency", "prompt", within="64:512"),
    "speculate": lambda: speculate("qwen3_0p6b", "analog_soc", burst="2,4", acceptance=0.9),
    "speculate, as described": lambda: speculate("llama3_2_1b", "analog_soc", prompt="64", values={"burst": "3"}),
    "compare": lambda: compare("nexgen_*", {"clock": "2 GHz"}),
    "compare, other targets": lambda: compare(["nexgen_baseline", "nexgen_high_sm_density"], targets={}),
}  # fmt: skip


class Ratio(Model):
    """A quotient."""

    above = symppa.given("GHz", "above")
    below = symppa.given("GHz", "below")
    ratio = formula("1", above / below, "ratio", derived=True)


class Network(Model):
    """A sum over members of two sets and a table."""

    layer = index("layers")
    kind = index("kinds")
    width = symppa.given("GHz", "rates of layers and kinds", over=(layer, kind))
    bits = symppa.given("1", "key of the table")
    cost = table("bits", price="USD")
    price = formula("USD", lookup(cost.price, bits), "price", derived=True)
    rate = formula("GHz", total(total(width, over=layer), over=kind), "sum of all rates", derived=True)


def asked_again(result):
    """The same study from the JSON of its result, without sources and notes: those are told of descriptions."""
    return [plain(result), plain(repeated(read(json.loads(result.to_json()))))]


def plain(result):
    data = result.to_dict()
    for one in (data, *data["outputs"].values()):
        del one["sources"]
    return {name: value for name, value in data.items() if name != "notes"}


@pytest.mark.parametrize("name", ASKED)
def test_every_study_gives_the_same_bytes_once_more(name):
    first, again = asked_again(ASKED[name]())
    assert json.dumps(first) == json.dumps(again)


@pytest.mark.parametrize("name", ASKED)
def test_the_same_question_has_the_same_bytes(name):
    assert ASKED[name]().to_json() == ASKED[name]().to_json()


@pytest.mark.parametrize("study", ["analyze", "sweep, the best", "compare"])
def test_a_replay_says_that_all_is_the_same(study):
    result = replay(ASKED[study]())
    assert result.facts["agrees"]
    assert result.facts["largest"] is None
    assert result.facts["differs"] == result.facts["changed"] == {}
    assert set(result["difference"]) == {0.0}
    assert list(result.coordinates["output"].values) == list(ASKED[study]().outputs)


def test_sets_tables_and_arrays_with_units_are_recorded_whole():
    values = {
        "layer": 2, "kind": ["a", "b", "c"], "width": ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]], "MHz"),
        "bits": 8, "cost": {8: {"price": "3 USD"}, 4: {"price": 1.5}},
    }  # fmt: skip
    result = evaluate(Network(), values)
    assert (result["rate"], result["price"]) == (pytest.approx(0.0215), 3.0)
    assert set(result.inputs) == {"layer", "kind", "width", "bits", "cost"}
    first, again = asked_again(result)
    assert first == again


def test_a_number_of_single_precision_is_recorded_as_it_counts():
    result = evaluate(Ratio(), {"above": (np.float32(0.1), "GHz"), "below": np.float32(0.3)})
    assert result["ratio"] == float(np.float32(0.1)) / float(np.float32(0.3))
    first, again = asked_again(result)
    assert first == again


@pytest.fixture
def mine(tmp_path):
    """A description of one's own."""
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    return file


def written(result):
    return json.loads(result.to_json())


@pytest.mark.parametrize("after", ["clock: 2 GHz", "clock: 2.4 GHz\n  stacks: 9", None])
def test_what_was_recorded_counts_and_what_a_description_says_today_is_told(mine, after):
    data = written(sweep(str(mine), axes={"chiplet.sms": "16:64:16"}, outputs=["peak_compute", "power"]))
    if after is None:
        mine.unlink()
    else:
        mine.write_text(MINE.replace("clock: 2.4 GHz", after))
    result = replay(data)
    assert result.facts["agrees"]
    (note,) = result.notes
    if after is None:
        assert "cannot be asked today" in note
        assert "there is no file" in note
    else:
        assert f"{mine} says otherwise today" in note
        assert ("clock 2.4 GHz then, 2 GHz now" in note) == (after == "clock: 2 GHz")
        assert ("stacks 8 then, 9 now" in note) == ("stacks" in after)


@pytest.mark.parametrize(
    "after", ["clock: 2400 MHz", "clock: 2.40 GHz  # the same", "clock: 2.4 GHz\n  chiplet.sms: 16"]
)
def test_the_same_value_in_other_words_is_no_difference(mine, after):
    data = written(evaluate(str(mine)))
    mine.write_text(MINE.replace("clock: 2.4 GHz", after))
    assert replay(data).notes == ()


def test_what_was_set_is_not_held_against_a_description():
    assert replay(written(evaluate(SOC, {"clock": "9 GHz"}))).notes == ()
    assert replay(written(ASKED["speculate"]())).notes == ()


def test_each_description_of_a_comparison_is_looked_up(mine):
    data = written(compare([str(mine), SOC]))
    mine.write_text(MINE.replace("2.4", "2.2"))
    assert [note.split(" says")[0] for note in replay(data).notes] == [str(mine)]


def test_a_network_that_changed_is_told(tmp_path):
    net = tmp_path / "net.yaml"
    net.write_text("schema: 1\nextends: llama3_2_1b\nvalues: {layers: {layer: 12}}\n")
    data = written(speculate(str(net), "analog_soc", prompt="64", burst="4", acceptance=0.9))
    net.write_text("schema: 1\nextends: llama3_2_1b\nvalues: {layers: {layer: 11}}\n")
    result = replay(data)
    assert result.facts["agrees"]
    assert "net.layers.layer 12 then, 11 now" in result.notes[0]


def test_the_largest_difference_is_told_with_its_place():
    data = written(sweep(SOC, axes={"chiplet.sms": [16, 32], "clock": [2.0, 2.5, 3.0]}, outputs=["peak_compute"]))
    values = data["outputs"]["peak_compute"]["values"]
    values[0][1] *= 1 + 1e-6
    values[1][2] *= 1 - 3e-6
    result = replay(data)
    largest = result.facts["largest"]
    assert not result.facts["agrees"]
    assert result["difference"] == pytest.approx([3e-6], rel=1e-5)
    assert (largest["output"], largest["at"]) == ("peak_compute", {"chiplet.sms": "32", "clock": "3 GHz"})
    assert (largest["then"], largest["now"]) == (values[1][2], 128 * 4 * 32 * 4 * 3.0 / 1000)
    assert largest["unit"] == "TFLOPS"


@pytest.mark.parametrize(("factor", "agrees"), [(1 + 5e-13, True), (1 - 5e-13, True), (1 + 5e-12, False)])
def test_a_trillionth_is_tolerated(factor, agrees):
    data = written(evaluate(SOC))
    data["outputs"]["power"]["values"] *= factor
    assert replay(data).facts["agrees"] == agrees


@pytest.mark.parametrize(
    ("change", "where", "how"),
    [
        (lambda d: d["outputs"]["power"]["values"].pop(), "power", "had the shape 1, has 2"),
        (lambda d: d["outputs"]["power"].update(values=None), "power", "had the shape one number"),
        (lambda d: d["outputs"]["power"]["values"].__setitem__(0, None), "power", "1 of 2 are undefined"),
        (lambda d: d["outputs"]["power"]["values"].__setitem__(0, "x"), "power", "no such array"),
        (lambda d: d["outputs"]["power"].update(unit="GHz"), "power", "was in GHz, is in W"),
        (lambda d: d["outputs"].update(speed=d["outputs"]["power"]), "speed", "there is none any more"),
        (lambda d: d["coordinates"]["precision"]["values"].reverse(), "coordinates.precision", "2 of 2 labels differ"),
        (lambda d: d["counts"].update(invalid=1), "counts.invalid", "1 then, 0 now"),
        (lambda d: d["facts"].update(keep="count"), "facts.keep", "count then, all now"),
    ],
)  # fmt: skip
def test_whatever_differs_is_told(change, where, how):
    data = written(sweep(SOC, axes={"precision": "FP8,FP16"}, outputs=["power", "peak_compute"]))
    change(data)
    result = replay(data)
    assert not result.facts["agrees"]
    assert list(result.facts["differs"]) == [where]
    assert how in result.facts["differs"][where]


def test_a_fact_that_is_an_answer_is_compared():
    data = written(compare("nexgen_*"))
    data["facts"]["recommended"] = SOC
    assert "nexgen_baseline then, nexgen_aggressive_optimized now" in replay(data).facts["differs"]["facts.recommended"]
    data = written(sweep(SOC, axes=GRID, keep="range:power"))
    data["outputs"]["power.max"]["values"] *= 1 + 1e-9
    assert not replay(data).facts["agrees"]


def test_another_unit_of_the_same_kind_is_the_same():
    data = written(evaluate(SOC, outputs=["power"]))
    data["outputs"]["power"] |= {"unit": "kW", "values": data["outputs"]["power"]["values"] / 1000}
    assert replay(data).facts["agrees"]


def test_inputs_that_were_edited_are_told_and_count():
    data = written(evaluate(SOC))
    data["inputs"]["clock"]["value"] = "4 GHz"
    result = replay(data)
    assert "inputs do not match their hash: the file was changed" in result.notes[0]
    assert result.facts["largest"]["difference"] == pytest.approx(0.5)


def test_another_program_and_other_versions_are_told():
    data = written(evaluate(SOC))
    data["hashes"]["program"] = "0" * 64
    data["versions"] |= {"symppa": "0.0.9", "numpy": "1.99"}
    changed = replay(data).facts["changed"]
    assert set(changed) == {"program", "symppa", "numpy"}
    assert changed["numpy"] == ["1.99", np.__version__]
    assert changed["program"][0] == "0" * 64


def test_a_formula_that_changed_gives_other_numbers_and_another_program():
    class Changed(Ratio):
        ratio = formula("1", 2 * Ratio.above / Ratio.below, "ratio", derived=True)

    data = written(evaluate(Ratio(), {"above": 3.0, "below": 2.0}))
    result = replay(data, system=Changed())
    assert result["difference"].tolist() == [0.5]
    assert list(result.facts["changed"]) == ["program"]


def test_a_model_of_python_is_found_where_it_was_imported_and_taken_where_it_is_given():
    class Local(Ratio):
        """Its name is known to this function alone."""

    data = written(evaluate(Local(), {"above": 3.0, "below": 2.0}))
    assert data["question"]["class"].endswith("<locals>.Local")
    assert replay(data).facts["agrees"]
    data["question"]["class"] = "__main__.Local"
    with pytest.raises(QuestionError, match=r"in a script: give it, as in replay\(result, system=MODEL\)"):
        replay(data)
    assert replay(data, system=Local).facts["agrees"]


def test_a_model_put_together_in_python_is_asked_for():
    data = written(evaluate(Ratio(below="2 GHz"), {"above": 3.0}))
    with pytest.raises(QuestionError, match="put together in Python"):
        replay(data)
    assert replay(data, system=Ratio(below="2 GHz")).facts["agrees"]
    assert replay(data, system=Ratio(below="3 GHz"))["difference"] == pytest.approx([1 / 3])


def test_points_of_a_file_are_read_again_while_they_are_the_same(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text("clock [GHz],precision\n1,FP8\n2.5,FP16\n")
    result = sweep(SOC, points=str(file), outputs=["peak_compute"])
    data = written(result)
    assert set(data["question"]["points"]) == {"file", "sha256"}
    first, again = asked_again(result)
    assert first == again
    file.write_text("clock [GHz],precision\n1,FP8\n2.6,FP16\n")
    with pytest.raises(QuestionError, match="was changed since"):
        replay(data)
    file.unlink()
    with pytest.raises(QuestionError, match="which is not here"):
        replay(data)


def test_points_of_a_frame_are_recorded_themselves():
    import pandas as pd

    frame = pd.DataFrame({"clock": [1.0, 2.5], "chiplet.sms": [16, 20]})
    frame.attrs["units"] = {"clock": "GHz"}
    result = sweep(SOC, points=frame, keep="best:1:peak_compute")
    assert written(result)["question"]["points"]["columns"]["clock"] == {"unit": "GHz", "values": [1.0, 2.5]}
    first, again = asked_again(result)
    assert first == again


def test_draws_that_a_description_states_are_recorded(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(MINE.replace("2.4 GHz", "{value: 2.4 GHz, uncertain: 'uniform(2.2 GHz, 2.6 GHz)'}"))
    data = written(sweep(str(file), uncertain="clock", sample="sobol:64"))
    assert data["question"]["uncertain"] == {"clock": "uniform(2.2 GHz, 2.6 GHz)"}
    file.write_text(MINE)
    assert replay(data).facts["agrees"]


def test_another_scipy_is_no_difference_of_numbers():
    data = written(ASKED["sweep, a sample"]())
    data["facts"]["sample"]["scipy"] = "1.0"
    result = replay(data)
    assert result.facts["agrees"]
    assert result.facts["changed"]["scipy"][0] == "1.0"


def test_values_that_are_undefined_now_are_no_agreement():
    data = written(evaluate(Ratio(), {"above": 3.0, "below": 2.0}))
    data["inputs"]["below"]["value"] = 0.0
    with pytest.raises(AnswerIsNo, match="do not agree: ratio is infinite") as raised:
        replay(data)
    assert not isinstance(raised.value, UndefinedResultError)


def test_a_system_that_has_lost_an_output_cannot_be_asked_again():
    data = written(evaluate(Ratio(), {"above": 3.0, "below": 2.0}, outputs=["ratio"]))
    data["question"]["outputs"] = ["quotient"]
    with pytest.raises(QuestionError, match=r"it cannot be repeated: .*quotient"):
        replay(data)


def test_nothing_in_a_result_imports_anything(tmp_path, monkeypatch):
    (tmp_path / "dangerous_models.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    data = written(evaluate(Ratio(), {"above": 3.0, "below": 2.0}))
    data["question"]["class"] = "dangerous_models.Ratio"
    with pytest.raises(QuestionError, match="not here; import its package with --plugin dangerous_models"):
        replay(data)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "().__class__",
        "power if power else 0",
        "open",
    ],
)
def test_an_output_that_is_code_is_refused(text):
    data = written(evaluate(SOC, outputs=["power"]))
    data["question"]["outputs"] = [text]
    with pytest.raises(QuestionError, match="it cannot be repeated"):
        replay(data)


def test_a_symppa_class_is_not_given_anew():
    with pytest.raises(QuestionError, match="leave `system` out"):
        replay(evaluate(SOC), system=Ratio)


def broken(change):
    data = written(sweep(SOC, axes={"clock": "1GHz:3GHz:3"}, outputs=["power"]))
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("study"), "no result of symppa: it has no 'study'"),
        (lambda d: d.update(study="design"), "a design is not replayed; there are analyze, sweep"),
        (lambda d: d.update(study="replay"), "itself a replay"),
        (lambda d: d["versions"].update(symppa="99.1.dev3"), "written by symppa 99.1.dev3, and this is"),
        (lambda d: d.pop("question"), "does not record what was asked"),
        (lambda d: d.update(question={}), "does not record what was asked"),
        (lambda d: d.pop("outputs"), "it has no 'outputs': was it cut off"),
        (lambda d: d.update(outputs=[]), "it has 'outputs' not as symppa writes it"),
        (lambda d: d["question"].pop("axes"), "its question has no 'axes'"),
        (lambda d: d["question"].update(axes={"clock": [True]}), "its question has 'axes' not as symppa writes it"),
        (lambda d: d["question"].update(where="power <= 5 W"), "its question has 'where' not as"),
        (lambda d: d["inputs"]["stacks"].pop("unit"), "it has 'inputs' not as"),
        (lambda d: d["inputs"]["stacks"].update(confidence="SURE"), "it has 'inputs' not as"),
        (lambda d: d["inputs"]["stacks"].update(value=1e400), "it has 'inputs' not as"),
        (lambda d: d["facts"].update(complete=False), "stopped before its end"),
        (lambda d: d["facts"].update(stored={"path": "x.parts"}), "lie in the partitions"),
        (lambda d: d["inputs"]["stacks"].update(value="8 V"), "cannot be repeated: stacks = 8 V does not measure"),
        (lambda d: d["inputs"].pop("stacks"), "cannot be repeated: no value for stacks"),
        (lambda d: d["question"].update(keep="wrost:1"), "cannot be repeated: keep 'wrost:1'"),
        (lambda d: d["question"].update(axes={"clock": ["nan GHz", "x"]}), "array of what are no numbers"),
        (lambda d: d["question"].update(axes={"clock": [["1 GHz"]]}), "'axes' not as"),
        (lambda d: d["inputs"]["stacks"].update(value=[[1, 2], [3]]), "'inputs' not as"),
        (lambda d: d["inputs"]["stacks"].update(value={"a": {"b": 1}}), "was no value of a given"),
    ],
)
def test_what_is_no_result_is_refused(change, words):
    with pytest.raises(QuestionError, match=words.replace("(", r"\(")):
        replay(broken(change))


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("", "no JSON", 1),
        ('{"study": "sweep",\n "system": "Chip', "it ends in the middle; was it cut off", 2),
        ('{"study": "sweep"', "it ends in the middle", 1),
        ("study: sweep", "no JSON", 1),
        ('{"study": NaN}', "it holds NaN", None),
        ("[" * 100_000, "no JSON", None),
        ('{"error": {"message": "power <= 5"}}', "this is an error and no result: power <= 5", None),
        ("[1, 2]", "no result of symppa", None),
        ('{"study": "analyze"}', "does not record what was asked", None),
        ("9" * 5000, "no JSON", None),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path, text, words, line):
    file = tmp_path / "result.json"
    file.write_text(text)
    with pytest.raises(QuestionError, match=words) as raised:
        replay(file)
    assert (raised.value.file, raised.value.line) == (str(file), line)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(QuestionError, match="there is no such file"):
        replay(tmp_path / "none.json")
    with pytest.raises(QuestionError, match="there is no such file"):
        replay(tmp_path)
    (tmp_path / "table.json").write_bytes(b"PAR1\xff\xfe\x00")
    with pytest.raises(QuestionError, match="a result is JSON, in UTF-8"):
        replay(tmp_path / "table.json")


def test_a_replay_is_stopped_like_a_sweep(monkeypatch):
    import symppa.engine.grid as grid

    monkeypatch.setattr(grid, "BLOCK", 1)

    def stop(done, blocks):
        raise KeyboardInterrupt

    result = sweep(SOC, axes={"clock": np.linspace(1, 3, 2000), "chiplet.area": np.linspace(1, 3, 2000)}, keep="count")
    with pytest.raises(KeyboardInterrupt):
        replay(result, progress=stop)


def paths(data, here=()):
    """Every place in plain data."""
    yield here
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from paths(data[key], (*here, key))


STUDIES = {
    name: written(ASKED[name]()) for name in ("analyze", "sweep, points", "sweep, draws", "break-even", "compare")
}
ODD = [None, True, 0, -1, 1.5, 1e308, "", "x", "2 GHz", "nan", "inf GHz", [], [1], [[1, 2], [3]], {}, {"a": 1}, ["a"]]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_file_that_was_edited_anywhere_is_answered_or_refused(data):
    result = copy.deepcopy(STUDIES[data.draw(st.sampled_from(sorted(STUDIES)))])
    *above, last = data.draw(st.sampled_from([p for p in paths(result) if p]))
    place = result
    for key in above:
        place = place[key]
    if data.draw(st.booleans()) and isinstance(place, dict):
        del place[last]
    else:
        place[last] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    try:
        found = replay(result)
    except SymppaError:
        return
    json.loads(found.to_json())


VALUES = st.recursive(
    st.one_of(
        st.integers(-9, 9), st.floats(), st.sampled_from(["FP8", "2 GHz"]), st.tuples(st.floats(), st.just("GHz"))
    ),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=3,
)


@given(VALUES)
def test_what_is_recorded_counts_the_same_when_it_is_read(value):
    recorded = as_data(value)
    assert recorded == json.loads(json.dumps(recorded, allow_nan=False))
    assert as_data(told(recorded)) == recorded


@given(st.lists(st.floats(), min_size=1, max_size=4))
def test_arrays_with_a_unit_come_back_with_every_digit(numbers):
    table = np.array([numbers, numbers])
    values, unit = told(as_data((table, "GHz")))
    np.testing.assert_array_equal(np.array(values), table)
    assert unit == "GHz"
