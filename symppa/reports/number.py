"""Numbers and units as people read them: four significant digits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

DIGITS = 4
PLAIN = range(-3, 7)  # powers of ten written without an exponent


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
    if number == 0 or (unit in ("", "1") and number % 1 == 0 and abs(number) < 1e12):
        return f"{number:.0f}"
    exponent = math.floor(math.log10(abs(float(f"{number:.{DIGITS - 1}e}"))))
    if exponent not in PLAIN:
        mantissa, _, power = f"{number:.{DIGITS - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{power}"
    places = DIGITS - 1 - exponent
    text = f"{round(number, places):.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: float) -> str:
    """An elasticity: its sign always.

    >>> signed(1.0), signed(-250 / 440)
    ('+1', '-0.5682')
    """
    if math.isnan(value):
        return ""
    text = shown(value, "")
    return text if text.startswith("-") or text == "0" else f"+{text}"


def unit_shown(unit: str) -> str:
    """A unit, or nothing for a pure number.

    >>> unit_shown("mm**2"), unit_shown("1"), unit_shown("percent")
    ('mm2', '', '%')
    """
    if unit in ("", "1"):
        return ""
    return unit.replace("percent", "%").replace("**", "")


def measured(value: Any, unit: str) -> str:
    """A number with its unit; a temperature also in degC.

    >>> measured(267.2, "W"), measured(100.0, "percent")
    ('267.2 W', '100 %')
    """
    return f"{shown(value, unit)} {unit_shown(unit)}".strip()


def celsius(name: str, value: Any, unit: str) -> str:
    """A temperature in degC, where a name says that it is one: differences stay in K.

    >>> celsius("junction_temperature", 324.87, "K")
    '51.72 degC'
    """
    is_one = unit == "K" and "temperature" in name.rpartition(".")[2] and np.ndim(value) == 0
    return f"{shown(float(value) - 273.15, 'degC')} degC" if is_one else ""
