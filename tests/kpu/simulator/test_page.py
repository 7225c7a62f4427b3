"""The page of the simulation has the tables that would be written today, and they say what it claims."""

from __future__ import annotations

import pytest

from benchmarks._kpu_page import PAGE, table, told
from symppa.kpu.networks import PARAMETERS

pytest.importorskip("torch")


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_the_table_of_a_network_is_up_to_date_and_within_a_tenth(name):
    found = told(PAGE.read_text("utf-8"), name)
    assert found == table(name)
    *rows, last = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in found.splitlines()[2:]]
    assert all(float(row[4]) >= 1 for row in rows)
    assert 1 <= float(last[4]) <= 1.1
