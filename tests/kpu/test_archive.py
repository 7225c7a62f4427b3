"""The .kpu file: saving and loading is the identity, and whatever is not as it was written is refused."""

from __future__ import annotations

import io
import json
import math
import pickle
import string
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as packed

from symppa.errors import KPUFileError
from symppa.kpu import (
    KPUConfig,
    KPUOp,
    KPUPrecision,
    KPUProgram,
    KPUTensor,
    MemoryLayout,
    MemoryType,
    TileConfig,
)
from symppa.kpu.archive import BLANK, SEALED, _sealed, is_kpu, load, refuse_other, save, weights
from symppa.kpu.interface.kinds import BITS

WEIGHT = np.arange(24, dtype=np.int8).reshape(4, 6)
PROGRAM = KPUProgram(
    "tiny", "1.0.0", "tiny.onnx", "ab" * 32, KPUConfig(), KPUPrecision.INT8,
    ops=[KPUOp(
        "gemm", "Gemm", ["x", "w"], ["y"], {"transB": 1, "epilogue": [{"op_type": "Clip", "inputs": [], "attributes": {
            "min": 0.0, "max": math.inf}}]},
        TileConfig({"M": 1, "N": 4}, ["N", "M"], True, 2, {"M": 1}, ["M"], "l1", "ws", 34, 34, {"bound": 7.5}),
        0, ["relu"], 120, 33.5, {"dram_traffic": 34}, ["w"],
    )],
    tensors={
        "x": KPUTensor("x", "image", (1, 6), "int8", scale=0.1, zero_point=-3, is_input=True),
        "w": KPUTensor("w", "weight", (4, 6), "int8", MemoryLayout(MemoryType.DRAM, 64, "OIHW", (2, 6)),
                       [0.5, 1e-9, 2.0, 3.0], [0, 0, 0, 0], is_weight=True, channel_axis=0),
        "y": KPUTensor("y", "scores", (1, 4), "int8", is_output=True),
    },
    input_ids=["x"], output_ids=["y"], peak_sram_bytes=34, peak_dram_bytes=24, weight_bytes=24, activation_bytes=10,
    estimated_total_cycles=120, estimated_total_energy_uj=33.5e-6, weights_blob=packed({"w": WEIGHT}),
    facts={"fused": 1, "orders": (1, "two", None)},
)  # fmt: skip
NAMES = st.text(string.ascii_letters + string.digits + "_. é", min_size=1, max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
    | st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)  # fmt: skip
COUNTS = st.integers(0, 2**60)
FLOATS = st.floats(allow_nan=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kpu")


@st.composite
def programs(draw):
    """Programs of any fields that hold together."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3)
    layout = st.builds(
        MemoryLayout, st.sampled_from(MemoryType), COUNTS, NAMES, st.none() | st.lists(COUNTS).map(tuple), COUNTS,
        st.booleans(),
    )  # fmt: skip
    tensors = {
        name: draw(st.builds(
            KPUTensor, st.just(name), NAMES, st.lists(st.integers(0, 9), max_size=4).map(tuple),
            st.sampled_from(sorted(BITS)), layout, st.none() | FLOATS | st.lists(FLOATS, max_size=3),
            st.none() | st.integers() | st.lists(st.integers(), max_size=3), st.booleans(), st.booleans(),
            st.booleans(), st.none() | st.integers(0, 3),
        ))
        for name in names
    }  # fmt: skip
    sizes = st.dictionaries(NAMES, COUNTS, max_size=3)
    tiling = st.builds(
        TileConfig, sizes, st.lists(NAMES, max_size=3), st.booleans(), COUNTS, sizes, st.lists(NAMES, max_size=2),
        NAMES, NAMES, COUNTS, COUNTS, st.dictionaries(NAMES, PLAIN, max_size=3),
    )  # fmt: skip
    op = st.builds(
        KPUOp, NAMES, NAMES, some, some, st.dictionaries(NAMES, PLAIN, max_size=3), st.none() | tiling, COUNTS,
        st.lists(NAMES, max_size=2), COUNTS, FLOATS, st.dictionaries(NAMES, FLOATS, max_size=3), some,
    )  # fmt: skip
    blob = draw(st.none() | st.just(packed({"w": draw(st.integers(0, 9)) * WEIGHT})))
    numbers = dict(zip(("peak_sram_bytes", "peak_dram_bytes", "weight_bytes", "activation_bytes",
                        "estimated_total_cycles"), draw(st.lists(COUNTS, min_size=5, max_size=5)),
                       strict=True))  # fmt: skip
    return KPUProgram(
        draw(NAMES), draw(NAMES), draw(NAMES), draw(NAMES), KPUConfig(name=draw(st.sampled_from(["a", "b-1"]))),
        draw(st.sampled_from(KPUPrecision)), draw(st.lists(op, max_size=3)), tensors, draw(some), draw(some),
        estimated_total_energy_uj=draw(FLOATS), weights_blob=blob,
        facts=draw(st.dictionaries(NAMES, PLAIN, max_size=3)), **numbers,
    )  # fmt: skip


def sealed(told, inside=None):
    """A file with a true seal around what somebody made up."""
    return _sealed(told if isinstance(told, bytes) else json.dumps(told).encode(), inside)


def resealed(whole):
    """The same bytes with a seal that fits them."""
    import hashlib

    body = whole[: -len(BLANK)]
    return body + hashlib.sha256(body).hexdigest().encode()


def told_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("program.json"))


def refused(tmp_path, content, reason):
    path = tmp_path / "odd.kpu"
    path.write_bytes(content)
    with pytest.raises(KPUFileError, match=reason) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(programs(), st.booleans())
def test_a_program_comes_back_as_it_was(folder, program, beside):
    path = save(program, folder / "net.kpu", external_weights=beside)
    back = load(path)
    if beside and program.weights_blob is not None:
        assert back.weights_blob is None
        assert weights(back).keys() == {"w"}
        back = replace(back, weights_blob=Path(back.weights_path).read_bytes(), weights_path=None)
    assert back == program
    for one in ("ops", "tensors", "facts", "target_config"):
        assert repr(getattr(back, one)) == repr(getattr(program, one))


def test_every_field_of_a_program_comes_back(tmp_path):
    back = KPUProgram.load(PROGRAM.save(tmp_path / "tiny.kpu"))
    for field in fields(KPUProgram):
        assert getattr(back, field.name) == getattr(PROGRAM, field.name), field.name
    assert np.array_equal(weights(back)["w"], WEIGHT)


def test_the_same_program_makes_the_same_bytes(tmp_path):
    one, other = (PROGRAM.save(tmp_path / name).read_bytes() for name in ("one.kpu", "other.kpu"))
    assert one == other


def test_a_name_without_a_suffix_gets_one(tmp_path):
    assert PROGRAM.save(tmp_path / "net").name == "net.kpu"


def test_weights_beside_a_file_are_mapped_and_can_be_taken_in_again(tmp_path):
    back = load(PROGRAM.save(tmp_path / "net.kpu", external_weights=True))
    assert back.weights_blob is None
    found = weights(back)["w"]
    assert np.array_equal(found, WEIGHT)
    assert not found.flags.owndata
    assert not found.flags.writeable
    again = load(back.save(tmp_path / "other" / "whole.kpu"))
    assert (again.weights_blob, again.weights_path) == (PROGRAM.weights_blob, None)
    assert load(back.save(tmp_path / "other" / "net.kpu", external_weights=True)).weights_path is not None


def test_weights_beside_a_file_that_changed_or_are_gone_are_refused(tmp_path):
    path = PROGRAM.save(tmp_path / "net.kpu", external_weights=True)
    beside = Path(load(path).weights_path)
    whole = bytearray(beside.read_bytes())
    whole[-1] ^= 1
    beside.write_bytes(whole)
    with pytest.raises(KPUFileError, match="are not those that were written"):
        load(path)
    beside.unlink()
    with pytest.raises(KPUFileError, match="is missing"):
        load(path)


def test_every_flipped_byte_of_a_file_is_refused(tmp_path):
    path = PROGRAM.save(tmp_path / "net.kpu")
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    places = {*range(0, len(whole), 7), *range(len(whole) - 400, len(whole)), *range(64)}
    for place in sorted(places):
        damaged = bytearray(whole)
        damaged[place] ^= int(rng.integers(1, 256))
        refused(tmp_path, bytes(damaged), "damaged|no .kpu file|of version")


def test_a_file_cut_short_or_lengthened_is_refused(tmp_path):
    whole = PROGRAM.save(tmp_path / "net.kpu").read_bytes()
    for cut in (0, 1, 50, len(whole) // 2, len(whole) - 1):
        refused(tmp_path, whole[:cut], "damaged|no .kpu file")
    refused(tmp_path, whole + b"\0", "no .kpu file")


def test_a_newer_file_is_refused_as_that(tmp_path):
    whole = PROGRAM.save(tmp_path / "net.kpu").read_bytes()
    newer = whole[:-SEALED] + b"symppa.kpu 000002 sha256 " + BLANK
    refused(tmp_path, resealed(newer), "is of version 2; this symppa reads up to 1: get a newer one")


def test_a_pickle_is_refused_with_what_to_do(tmp_path):
    refused(tmp_path, pickle.dumps({"a": 1}), "is a pickle, which may run anything")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps([]))
    refused(tmp_path, buffer.getvalue(), "is a pickle of torch.*torch.export archive")


def test_foreign_files_are_refused(tmp_path):
    refused(tmp_path, b"hello", "is no .kpu file")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "b")
    refused(tmp_path, buffer.getvalue(), "is a zip, but no .kpu file")
    with pytest.raises(KPUFileError, match=r"cannot be read: No such file"):
        load(tmp_path / "absent.kpu")
    assert not is_kpu(tmp_path / "absent.kpu")
    assert is_kpu(PROGRAM.save(tmp_path / "net.kpu"))


def made_up(*members, compression=zipfile.ZIP_STORED):
    """A zip of somebody's members, with a true seal."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.comment = b"symppa.kpu 000001 sha256 " + BLANK
        for name, content in members:
            archive.writestr(name, content)
    return resealed(buffer.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_members_are_refused(tmp_path):
    told = json.dumps(told_of(PROGRAM.save(tmp_path / "net.kpu")))
    for names in (["../program.json"], ["program.json", "../../evil"], ["program.json", "/etc/x"],
                  ["program.json", "program.json"], ["a.py"], []):  # fmt: skip
        refused(tmp_path, made_up(*((name, told) for name in names)), "has to hold program.json")


def test_a_compressed_file_is_refused_before_it_is_unpacked(tmp_path):
    bomb = b" " * (1 << 24)
    refused(tmp_path, made_up(("program.json", bomb), compression=zipfile.ZIP_DEFLATED), "compressed or enciphered")


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    whole = bytearray(made_up(("program.json", b"{}")))
    place = whole.rindex(b"PK\1\2") + 20  # both sizes in the central directory
    whole[place : place + 8] = (1 << 30).to_bytes(4, "little") * 2
    refused(tmp_path, resealed(bytes(whole)), "compressed or enciphered|damaged")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda told: told | {"format": "other"}, "has no program"),
        (lambda told: told | {"program": []}, "has no program"),
        (lambda told: told | {"program": told["program"] | {"colour": 1}}, "missing or unknown: colour"),
        (lambda told: told | {"program": told["program"] | {"ops": 3}}, "program.ops = '3' is of another type"),
        (lambda told: told | {"program": told["program"] | {"precision": "int9"}}, "'int9' is no KPUPrecision"),
        (lambda told: told | {"program": told["program"] | {"output_ids": []}}, "No output tensors defined"),
        (lambda told: told | {"program": told["program"] | {"input_ids": ["z"]}}, "unknown tensor z"),
        (lambda told: told | {"program": told["program"] | {"target_config": {"volts": 1}}}, "unknown: .*volts"),
        (
            lambda told: told | {"program": told["program"] | {"target_config": {"memory": 1}}},
            "program.target_config has to tell",
        ),
        (lambda told: told | {"program": told["program"] | {"weight_bytes": True}}, "another type than int"),
        (lambda told: told | {"weights": {"file": "../w.safetensors", "sha256": "", "size": 1}}, "lie beside it"),
        (lambda told: told | {"weights": {"file": "/w.safetensors", "sha256": "", "size": 1}}, "lie beside it"),
        (lambda told: told | {"weights": {"file": 3}}, "does not say where"),
    ],
)
def test_contents_that_are_no_program_are_refused(tmp_path, change, reason):
    refused(tmp_path, sealed(change(told_of(PROGRAM.save(tmp_path / "net.kpu")))), reason)


def test_json_that_is_none_or_too_deep_is_refused(tmp_path):
    refused(tmp_path, sealed(b"{"), "is damaged")
    refused(tmp_path, sealed(b"[]"), "has no program")
    refused(tmp_path, sealed(b"[" * 100_000), "is damaged")
    refused(tmp_path, sealed(b"\xff\xfe"), "is damaged")


def test_weights_of_another_program_are_refused(tmp_path):
    told = told_of(PROGRAM.save(tmp_path / "net.kpu"))
    refused(tmp_path, sealed(told, packed({"w": 2 * WEIGHT})), "its weights are not those")
    refused(tmp_path, sealed(told | {"weights": None}, PROGRAM.weights_blob), "says nothing")


def test_another_configuration_is_told(tmp_path):
    path = PROGRAM.save(tmp_path / "net.kpu")
    assert load(path, KPUConfig()) == PROGRAM
    other = KPUConfig(name="v2", memory=replace(KPUConfig().memory, sram_l1_bytes=65536))
    reason = "compiled for swkpu-v1, not for v2: .*memory.sram_l1_bytes is 262144, not 65536; compile it anew"
    with pytest.raises(KPUFileError, match=reason):
        load(path, other)
    with pytest.raises(KPUFileError, match=reason):
        refuse_other(PROGRAM, other)


def test_what_a_file_cannot_hold_is_refused_when_it_is_written(tmp_path):
    for facts in ({"a": object()}, {1: 2}, {"$tuple": 1}, {"a": {3}}):
        with pytest.raises(KPUFileError, match=r"cannot hold|keys are texts"):
            replace(PROGRAM, facts=facts).save(tmp_path / "net.kpu")
    with pytest.raises(KPUFileError, match=r"estimated_total_cycles = '1.5' is of another type"):
        replace(PROGRAM, estimated_total_cycles=1.5).save(tmp_path / "net.kpu")
    assert not list(tmp_path.iterdir())


def test_a_program_is_saved_once_it_is_compiled(tmp_path):
    with pytest.raises(KPUFileError, match="not packed yet"):
        replace(PROGRAM, weights_blob=None, constants={"w": WEIGHT}).save(tmp_path / "net.kpu")


@pytest.mark.parametrize("blob", [b"", b"\xff" * 20, (9).to_bytes(8, "little") + b"{", packed({"w": WEIGHT})[:-1]])
def test_weights_that_are_no_safetensors_are_refused(blob):
    with pytest.raises(KPUFileError, match="no safetensors"):
        weights(replace(PROGRAM, weights_blob=blob))
