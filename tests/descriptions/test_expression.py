"""Expressions a user types: parsed, never executed."""

import pytest

from symppa.descriptions.expression import parse
from symppa.errors import SymppaError
from symppa.library.systems.chiplet_soc import ChipletSoC


def test_names_numbers_and_functions_are_read():
    model = ChipletSoC()
    assert parse("power / chiplets", model) == model.power / model.chiplets
    assert str(parse("ceil_div(chiplet.sms, 3) * 2", model)) == "2*CeilDiv(chiplet.sms, 3)"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "power.__class__",
        "().__class__.__bases__",
        "[x for x in (1,)]",
        "lambda: 0",
        "power if 1 else 2",
        "'text'",
        "power ** chiplets",
        "9 ** 9 ** 9",
        "power / 0",
        "f(power)",
        "power power",
        "1e999",
        "(" * 400 + "1" + ")" * 400,
        "x" * 1000,
        "True",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(SymppaError):
        parse(text, ChipletSoC())
