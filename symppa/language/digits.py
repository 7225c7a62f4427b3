"""Numbers with the digits they deserve."""

from __future__ import annotations

import math

PLAIN = range(-3, 7)  # powers of ten written without an exponent


def rounded(number: float, unit: str, digits: int) -> str:
    """A finite number with some significant digits; a count in full.

    >>> rounded(0.0409612, "s", 4), rounded(20480.0, "1", 4), rounded(2.5e-9, "s", 4), rounded(123456.7, "W", 4)
    ('0.04096', '20480', '2.5e-09', '123500')
    """
    if number == 0 or (unit in ("", "1") and number % 1 == 0 and abs(number) < 1e12):
        return f"{number:.0f}"
    exponent = math.floor(math.log10(abs(float(f"{number:.{digits - 1}e}"))))
    if exponent not in PLAIN:
        mantissa, _, power = f"{number:.{digits - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{power}"
    places = digits - 1 - exponent
    text = f"{round(number, places):.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
