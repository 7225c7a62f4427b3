"""sensitivity: exact elasticities beside the published secants."""

import numpy as np
import pytest

from symppa import Model, formula, given, largest, sensitivity
from symppa.errors import SymppaError
from symppa.language import ceil_div

PUBLISHED = {  # secants of the published sensitivity analysis
    "chiplet.sms": 1.0,
    "chiplet.area": -0.5681818181818181,
    "clock": 1.0,
    "chiplet.sm.tensor_cores": 1.0,
    "chiplet.sm.ops_per_cycle.FP16": 1.0,
}


def rows(result, column="elasticity"):
    return dict(zip(result.coordinates["given"].values.tolist(), result[column].tolist(), strict=True))


def test_density_is_a_monomial_so_its_elasticities_are_its_exponents():
    found = rows(sensitivity("nexgen_baseline", "compute_density"))
    assert found == pytest.approx(dict.fromkeys(PUBLISHED, 1.0) | {"chiplet.area": -1.0}, abs=1e-12)


def test_the_secant_of_the_area_is_not_its_slope():
    found = rows(sensitivity("nexgen_baseline", "compute_density"), "secant")
    assert found == pytest.approx(PUBLISHED, rel=1e-12)


def test_power_does_not_follow_the_clock_in_this_model():
    result = sensitivity("nexgen_baseline", "power")
    assert "clock" not in rows(result)
    n, sms = 4, 16
    assert rows(result)["chiplet.sms"] == pytest.approx(n * sms * 1.5 / 267.2, rel=1e-12)


def test_elasticities_of_a_sum_add_up_to_its_degree():
    result = sensitivity("nexgen_baseline", "power")
    coefficients = ("sm_power", "l2_power", "stack_power", "chiplet_power", "interconnect_power", "io_power")
    assert sum(rows(result)[c] for c in coefficients) == pytest.approx(1.0, rel=1e-12)


def test_other_ranges_give_other_secants():
    result = sensitivity("nexgen_baseline", "compute_density", ranges={"chiplet.area": "400 mm2:800 mm2:2"})
    assert rows(result, "secant")["chiplet.area"] == pytest.approx(-0.5, rel=1e-12)


def test_the_rule_at_a_ceiling_and_a_tie_is_told():
    class Waves(Model):
        blocks = given("1", "blocks")
        fixed = given("s", "fixed time")
        time = formula("s", largest(ceil_div(blocks, 8) * fixed, fixed * 2), "time", derived=True)

    result = sensitivity(Waves(), "time", {"blocks": 9, "fixed": 1.0})
    assert "slope of a / b" in result.facts["rule"]
    assert any("tie" in note for note in result.notes)
    assert rows(sensitivity(Waves(), "time", {"blocks": 24, "fixed": 1.0})) == pytest.approx(
        {"blocks": 1.0, "fixed": 1.0}
    )


def test_a_temperature_in_celsius_has_no_elasticity():
    result = sensitivity("nexgen_baseline", "junction_temperature")
    assert "ambient" not in rows(result)
    assert any("ambient" in note for note in result.notes)


def test_an_output_of_zero_has_no_elasticity():
    class Difference(Model):
        a = given("1", "a")
        b = given("1", "b")
        c = formula("1", a - b, "difference", derived=True)

    with pytest.raises(SymppaError, match="c is 0 at these values"):
        sensitivity(Difference(), "c", {"a": 1.0, "b": 1.0})


def test_top_ranks_by_size():
    result = sensitivity("nexgen_baseline", "power")
    values = np.abs(result["elasticity"])
    assert np.all(np.diff(values) <= 0)
    assert result.top(1) == result.top(2)[0]


@pytest.mark.parametrize(
    ("output", "ranges", "said"),
    [
        ("attained", None, "stands over loads"),
        ("pwoer", None, "did you mean power"),
        ("*", None, "is of one output"),
        ("power", {"clok": "1 GHz:2 GHz:3"}, "did you mean"),
        ("power", {"chiplet.sms": "64:16:4"}, "is empty"),
    ],
)
def test_a_bad_question_is_refused(output, ranges, said):
    with pytest.raises(SymppaError, match=said):
        sensitivity("nexgen_baseline", output, ranges=ranges)
