"""Numbers and units as people read them: four significant digits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from symppa.language.digits import rounded
from symppa.language.written_units import plain

DIGITS = 4


def shown(value: Any, unit: str = "1") -> str:
    """A number with four significant digits; a count in full, a text as it is.

    >>> shown(0.0409612), shown(324.87), shown(20480.0), shown(2.5e-9), shown(123456.7, "W")
    ('0.04096', '324.9', '20480', '2.5e-09', '123500')
    """
    if isinstance(value, str | np.str_):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return "undefined" if math.isnan(number) else str(number)
    return rounded(number, unit, DIGITS)


def signed(value: float) -> str:
    """An elasticity: its sign always.

    >>> signed(1.0), signed(-250 / 440)
    ('+1', '-0.5682')
    """
    if math.isnan(value):
        return ""
    text = shown(value, "")
    return text if text.startswith("-") or text == "0" else f"+{text}"


def measured(value: Any, unit: str) -> str:
    """A number with its unit; a temperature also in degC.

    >>> measured(267.2, "W"), measured(100.0, "percent")
    ('267.2 W', '100 %')
    """
    return f"{shown(value, unit)} {plain(unit)}".strip()


def celsius(name: str, value: Any, unit: str) -> str:
    """A temperature in degC, where a name says that it is one: differences stay in K.

    >>> celsius("junction_temperature", 324.87, "K")
    '51.72 degC'
    """
    is_one = unit == "K" and "temperature" in name.rpartition(".")[2] and np.ndim(value) == 0
    return f"{shown(float(value) - 273.15, 'degC')} degC" if is_one else ""
