"""The original's scripts, each in a process of its own: what is printed, what is drawn, what is not claimed."""

from __future__ import annotations

import matplotlib.image
import numpy as np
import pytest

from tests.house.tree import python

FIGURES = {
    "performance_model": ["roofline_fp16.png", "chiplet_scaling.png"],
    "arch_exploration": ["architecture_comparison.png"],
    "sensitivity_analysis": ["sensitivity_analysis.png"],
}


def script(name, *arguments, cwd):
    return python("-m", "symppa.compat.soc", name, *arguments, cwd=cwd)


@pytest.fixture(scope="module", params=["corrected", "as coded"])
def pages(request, tmp_path_factory):
    """Standard output of every script, and where the figures are."""
    folder = tmp_path_factory.mktemp("scripts")
    flags = ["--as-coded"] if request.param == "as coded" else []
    printed = {}
    for name in FIGURES:
        done = script(name, "--out", "drawn/here", *flags, cwd=folder)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        printed[name] = done.stdout
    return request.param, printed, folder / "drawn" / "here"


def test_the_figures_are_drawn(pages):
    _, printed, folder = pages
    for name, figures in FIGURES.items():
        for figure in figures:
            assert figure in printed[name]
            pixels = matplotlib.image.imread(folder / figure)
            assert (folder / figure).stat().st_size > 20_000
            assert min(pixels.shape[:2]) > 400
            assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50


def test_no_line_is_wide(pages):
    _, printed, _ = pages
    assert not [line for text in printed.values() for line in text.splitlines() if len(line) > 110]


def lines(text):
    """Lines with single spaces."""
    return {" ".join(line.split()) for line in text.splitlines()}


SECTIONS = {
    "performance_model": [
        "CONFIGURATION",
        "PERFORMANCE BY PRECISION",
        "WORKLOAD ANALYSIS (FP16)",
        "POWER ANALYSIS",
        "CHIPLET SCALING (FP16, 2 MEMORY STACKS A CHIPLET)",
        "VALIDATION AGAINST THE PRODUCT TARGETS",
    ],
    "arch_exploration": ["COMPARISON OF THE VARIANTS (FP16, FULLY USED)", "DETAILED ANALYSIS", "RECOMMENDATION"],
    "sensitivity_analysis": ["CONFIGURATION", "SENSITIVITIES", "KEY INSIGHTS"],
}
EVERYWHERE = {
    "performance_model": [
        "HBM bandwidth: 1024 GB/s (1.02 TB/s)",
        "75% 213.0 0.23 46.3 met",
        "8 131.1 2.05 504.4 0.26 missed",
        "7 chiplets fit into 500 W (445.1 W), 8 do not.",
        "It would have to be 48.8 times as high.",
    ],
    "arch_exploration": [
        "Realistic Optimized 339.1 0.242 363.4 0.93 missed met",
        "192 SMs on 1200 mm2 in 4 chiplets",
        "The densest variant within 500 W: Aggressive Optimized, 0.819 TFLOPS/mm2 at",
        "No variant reaches 2 TFLOPS/mm2; this one would have to be 2.44 times as dense.",
    ],
    "sensitivity_analysis": [
        "end to end (the original's number): density -0.57",
        "density range: 0.037 - 0.066 TFLOPS/mm2",
        "power range: 267.2 - 555.2 W",
        "+0.36 %: SMs per chiplet",
        "-1.00 %: Chiplet area (mm2)",
        "not at all: Chiplet area (mm2), Clock (MHz), Tensor cores per SM, FP16 work of a tensor core (op/cycle)",
    ],
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_sections_and_the_numbers_are_there(pages, name):
    _, printed, _ = pages
    assert set(SECTIONS[name]) | set(EVERYWHERE[name]) <= lines(printed[name])


def test_a_slip_shows_only_as_coded(pages):
    kind, printed, _ = pages
    found = lines(printed["performance_model"])
    corrected = {"GEMM (Optimized) 100.0 65.5 100.0 % Compute", "FP16 65.5 0.041 64.0 missed"}
    coded = {"GEMM (Optimized) 100.0 65.0 99.2 % Memory", "FP16 65.5 0.041 512.0 missed"}
    assert found >= (corrected if kind == "corrected" else coded)
    assert not found & (coded if kind == "corrected" else corrected)
    assert ("As coded" in printed["performance_model"]) == (kind == "as coded")


def test_the_help_tells_the_three():
    done = python("-m", "symppa.compat.soc", "--help")
    assert done.returncode == 0
    assert set(FIGURES) <= set(done.stdout.split())


def test_an_unknown_script_is_a_wrong_question(tmp_path):
    done = script("performance_modle", cwd=tmp_path)
    assert done.returncode == 2
    assert "performance_modle" in done.stderr


def test_a_folder_that_cannot_be_made_is_a_wrong_question(tmp_path):
    (tmp_path / "file").write_text("")
    done = script("arch_exploration", "--out", "file/outputs", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
