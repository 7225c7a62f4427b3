"""Every shipped description loads, and every shipped system has an answer."""

from __future__ import annotations

import numpy as np
import pytest

import symppa
from symppa.descriptions import nodes, structure
from symppa.descriptions.shipped import OTHERS
from symppa.errors import DescriptionError
from symppa.workloads import yaml
from tests.house.tree import ROOT

SHIPPED = sorted(
    path for path in (ROOT / "models").rglob("*.yaml") if not set(path.relative_to(ROOT).parts) & set(OTHERS)
)
NETWORKS = [path for path in SHIPPED if structure.is_workload(nodes.read(path))]
DESCRIPTIONS = [path for path in SHIPPED if path not in NETWORKS]
SYSTEMS = [path for path in SHIPPED if path.is_relative_to(ROOT / "models" / "hardware")]
TARGETS = sorted((ROOT / "constraints").glob("*.yaml"))


def test_systems_are_shipped():
    assert SYSTEMS


def test_no_name_is_shipped_twice():
    names = [path.stem for path in SHIPPED]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_a_shipped_network_loads_under_its_own_name(path):
    assert yaml.load(path.stem) == yaml.load(path)
    assert yaml.load(path).name == path.stem
    with pytest.raises(DescriptionError, match=f"{path.stem} is a network, not a description"):
        symppa.load(path.stem)


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: path.stem)
def test_a_shipped_description_loads_by_name_and_by_file(path):
    assert symppa.load(path.stem) is not None
    assert symppa.load(str(path)) is not None


@pytest.mark.parametrize("path", SYSTEMS, ids=lambda path: path.stem)
def test_a_shipped_system_evaluates_to_finite_numbers(path):
    frame = symppa.evaluate(symppa.load(path.stem)).to_frame()
    numbers = frame.select_dtypes("number").to_numpy(dtype=float)
    assert numbers.size
    assert np.all(np.isfinite(numbers)), frame


@pytest.mark.parametrize("path", TARGETS, ids=lambda path: path.stem)
def test_a_shipped_target_has_a_proved_answer(path):
    from symppa.studies.design import design

    assert design(path.stem, explain=False).facts["status"] in ("optimal", "infeasible")


def test_the_shipped_targets_are_listed_where_they_stand():
    listed = (ROOT / "constraints" / "README.md").read_text("utf-8")
    assert [path.stem for path in TARGETS if f"| `{path.stem}` |" not in listed] == []
