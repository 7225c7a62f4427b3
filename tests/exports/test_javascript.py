"""The exported module is run by node and gives numpy's numbers; nothing in it can end a script."""

from __future__ import annotations

import json
import math
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from symppa.exports.content import Content
from symppa.exports.javascript import Options, write
from tests.engine.models import cases, values
from tests.exports.systems import ADC, Everything, asked, assert_same, contents

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node here")
RUN = """\
import { readFileSync } from "node:fs";
const plain = (v) => Array.isArray(v) ? v.map(plain) : Number.isFinite(v) ? v : String(v);
const found = {};
for (const [name, points] of Object.entries(JSON.parse(readFileSync("points.json")))) {
  const { compute, defaults } = await import(`./${name}.mjs`);
  const same = JSON.stringify(compute()) === JSON.stringify(compute(defaults()));
  const one = (p) => Object.entries(compute(p)).map(([key, v]) => [key, plain(v)]);
  found[name] = { same, points: points.map(one) };
}
console.log(JSON.stringify(found));
"""


def node(folder, text):
    """What a script prints."""
    (folder / "run.mjs").write_text(text)
    ran = subprocess.run([NODE, "run.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[:4000]
    return ran.stdout


def number(value):
    if isinstance(value, list):
        return [number(one) for one in value]
    return float(value.replace("Infinity", "inf")) if isinstance(value, str) else float(value)


def test_every_system_gives_the_numbers_of_numpy(tmp_path):
    for name, content in contents().items():
        (tmp_path / f"{name}.mjs").write_text(write(content, Options()), encoding="utf-8")
    (tmp_path / "points.json").write_text(json.dumps({n: [point for point, _ in many] for n, many in asked().items()}))
    found = json.loads(node(tmp_path, RUN))
    for name, many in asked().items():
        assert found[name]["same"], f"{name}: defaults() are not what compute() begins with"
        for got, (_, want) in zip(found[name]["points"], many, strict=True):
            assert_same({key: number(v) for key, v in got}, want, name)


@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_random_models_give_the_numbers_of_numpy(tmp_path_factory, data):
    drawn = [data.draw(st.tuples(cases(), values())) for _ in range(12)]
    folder = tmp_path_factory.mktemp("random")
    wanted = {}
    for k, (case, told) in enumerate(drawn):
        content = Content(case.model, tuple(case.outputs), told, parts=case.choose)
        (folder / f"random{k}.mjs").write_text(write(content, Options()))
        known = {key: value for key, value in told.items() if key in content.program.known}
        wanted[f"random{k}"] = content.program(known)
    (folder / "points.json").write_text(json.dumps({name: [{}] for name in wanted}))
    found = json.loads(node(folder, RUN))
    for name, want in wanted.items():
        assert_same({key: number(v) for key, v in found[name]["points"][0]}, want, name)


def test_a_page_may_hold_a_module_as_it_is():
    for name, content in contents().items():
        text = write(content, Options())
        assert "</" not in text, name
        assert "<!--" not in text, name
        assert "<script" not in text, name


def test_the_metadata_is_what_the_content_says(tmp_path):
    (tmp_path / "everything.mjs").write_text(write(contents()["everything"], Options()))
    text = 'import * as m from "./everything.mjs"; console.log(JSON.stringify([m.about, m.givens, m.sets, m.outputs]));'
    about, givens, sets, outputs = json.loads(node(tmp_path, text))
    clock = next(one for one in givens if one["name"] == "clock")
    assert (clock["unit"], clock["value"], clock["low"], clock["high"]) == ("GHz", 1.05, 0.1, 4)
    assert next(one for one in givens if one["name"] == "chosen")["value"] == "fc"
    assert sets[0]["labels"] == ["conv one", "fc", "head"]
    assert next(one for one in outputs if one["name"] == "share")["sets"] == ["layer"]
    assert len(about["program"]) == 64


REFUSALS = """\
import { compute } from "./everything.mjs";
const asked = [
  { clock: 9 }, { tile: 5 }, { burst: 1.5 }, { mode: "quick" }, { chosen: "conv two" }, { macs: [1, 2] },
  { macs: { "conv one": 1, fc: 2, tail: 3 } }, { reads: [1], burst: 2, grid: 1 }, { clok: 1 }, { clock: "fast" },
  { adc: { 6: { energy: 1 } } }, { layer: 0, macs: [], grid: [] },
];
const told = (values) => { try { return compute(values); } catch (e) { return `${e.name} ${e.message}`; } };
const said = asked.map(told);
console.log(JSON.stringify(said));
"""
SAID = (
    "clock: 9 GHz is above 4 GHz", "tile: 5 is none of 4, 8, 16, 32", "burst: 1.5 is no whole number",
    "mode: quick is no choice; choose slow, fast, off", "chosen: conv two is no choice",
    "macs has 2 values along layer", "macs: layer has no member tail", "has 1 members, 2 are needed",
    "there is no given clok", "clock: fast is no number",
    "adc has no area at 6", "layer (layers of a network) has no members",
)  # fmt: skip


def test_what_cannot_be_is_refused_in_words(tmp_path):
    (tmp_path / "everything.mjs").write_text(write(contents()["everything"], Options()))
    said = json.loads(node(tmp_path, REFUSALS))
    for got, want in zip(said, SAID, strict=True):
        assert got.startswith("RangeError "), got
        assert want in got


def test_labels_mappings_and_other_sets_are_understood(tmp_path):
    (tmp_path / "everything.mjs").write_text(write(contents()["everything"], Options()))
    text = """
    import { compute } from "./everything.mjs";
    const own = { layer: ["a", "b"], macs: { b: 7, a: 5 }, grid: 0.5, chosen: "b", mode: "off" };
    const found = compute(own);
    console.log(JSON.stringify([found.members, found.tiles, found.inspected === found.time[1], found.working]));
    """
    assert json.loads(node(tmp_path, text)) == [2, [math.ceil(5000 / 16000), math.ceil(7000 / 16000)], True, 0]


def test_what_nobody_tells_is_asked_for(tmp_path):
    (tmp_path / "bare.mjs").write_text(write(Content(Everything, ("energy",)), Options()))
    text = """
    import { compute, tables } from "./bare.mjs";
    let said = "";
    try { compute(); } catch (error) { said = error.message; }
    console.log(JSON.stringify([said, tables[0].rows, compute({ adc: { 6: { energy: 2.5 } } }).energy]));
    """
    assert json.loads(node(tmp_path, text)) == ["adc has no value", None, 2.5]


def test_a_key_that_no_table_has_is_undefined(tmp_path):
    assert 5 not in ADC
    (tmp_path / "everything.mjs").write_text(write(contents()["everything"], Options()))
    text = 'import { compute } from "./everything.mjs"; console.log(compute({ bits: 5 }).energy);'
    assert node(tmp_path, text).strip() == "NaN"
