"""Identifiers are accepted by their language, differ where names differ, and do not depend on the order of names."""

from __future__ import annotations

import keyword
import random
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.exports.names import LANGUAGES, function, identifier, identifiers

WORDS = st.sampled_from(
    ["int", "class", "NaN", "a", "A", "b_2", "ab12", "r1c1", "x", "η", "é", "3d", "new", "x86", "for"]
)
NAMES = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(".".join), min_size=1, max_size=8, unique=True)


@pytest.mark.parametrize("language", LANGUAGES)
@given(names=NAMES, taken=st.lists(WORDS, max_size=3), seed=st.integers(0, 99))
def test_names_become_distinct_identifiers_in_any_order(language, names, taken, seed):
    found = identifiers(language, names, taken)
    fold = str.lower if LANGUAGES[language].folds else str
    assert len({fold(word) for word in found.values()}) == len(names)
    assert not {fold(word) for word in found.values()} & {fold(word) for word in taken}
    for word in found.values():
        assert word.isascii()
        assert word.isidentifier()
        assert fold(word) not in LANGUAGES[language].reserved
    mixed = random.Random(seed).sample(names, len(names))
    assert identifiers(language, mixed, taken) == found


@pytest.mark.parametrize(
    ("language", "name", "word"),
    [
        ("python", "dram.bandwidth", "dram_bandwidth"),
        ("python", "class", "class_"),
        ("python", "np", "np_"),
        ("c", "double", "double_"),
        ("c", "namespace", "namespace_"),
        ("c", "a.linux", "a_linux"),
        ("javascript", "NaN", "NaN_"),
        ("javascript", "int", "int_"),
        ("spreadsheet", "A1", "A1_"),
        ("spreadsheet", "xfd1048576", "xfd1048576_"),
        ("spreadsheet", "R1C1", "R1C1_"),
        ("spreadsheet", "r", "r_"),
        ("spreadsheet", "True", "True_"),
        ("c", "4x4.η", "n_4x4_eta"),
        ("c", "energy / latency", "energy_per_latency"),
        ("python", "", "value"),
    ],
)
def test_a_name_reads_as_it_was(language, name, word):
    assert identifier(language, name) == word


def test_the_plainest_name_keeps_its_word():
    assert identifiers("c", ["a.b", "a_b"]) == {"a.b": "a_b_2", "a_b": "a_b"}
    assert identifiers("c", ["a.b", "a_b", "a_b_2"])["a.b"] == "a_b_3"


def test_case_tells_names_apart_but_in_a_sheet():
    assert identifiers("c", ["Speed", "speed"]) == {"Speed": "Speed", "speed": "speed"}
    assert identifiers("spreadsheet", ["Speed", "speed"]) == {"Speed": "Speed", "speed": "speed_2"}


def test_every_keyword_of_python_is_left_alone():
    assert not [word for word in keyword.kwlist if identifier("python", word) == word]


HEADERS = (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg stddef stdint stdio "
    "stdlib string strings time wchar wctype unistd"
)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")
def test_no_function_in_c_is_called_as_one_of_the_library():
    text = "".join(f"#include <{header}.h>\n" for header in HEADERS.split())
    command = ["gcc", "-E", "-P", "-x", "c", "-"]
    read = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"\b([a-z]\w*)\)? *\(", read)) | set(re.findall(r"\b(\w+_t);", read))
    assert {"printf", "malloc", "clock_gettime", "size_t"} <= names
    assert not {name for name in names if function("c", name) == name}


@pytest.mark.parametrize(
    ("title", "python", "c"),
    [
        ("printf", "printf", "printf_model"),
        ("print", "print_", "print_model"),
        ("F", "f", "f_model"),  # with F_OK, a macro of unistd.h
        ("GemmTiler", "gemm_tiler", "gemm_tiler"),
        ("localtime_r", "localtime_r", "localtime_r_model"),
    ],
)
def test_a_title_becomes_a_function(title, python, c):
    assert function("python", title) == python
    assert function("c", title) == c
