"""Units as they are printed: read as the registry reads them, and refused where nobody would read them right."""

from __future__ import annotations

import math
import re
import shutil
import subprocess

import pytest

from symppa import units
from symppa.errors import UnitError
from symppa.language.written_units import factors, macros, plain, pretty, siunitx, upright

NAMES = {
    part.strip()
    for line in units.DEFINITIONS.read_text("utf-8").splitlines()
    if "=" in line and not line.startswith((" ", "#")) and "- =" not in line
    for k, part in enumerate(line.split("="))
    if k != 1
}
PREFIXES = {
    part.strip().removesuffix("-")
    for line in units.DEFINITIONS.read_text("utf-8").splitlines()
    if "- =" in line
    for k, part in enumerate(line.split("="))
    if k != 1
}
UNSAID = {
    "kilogram",
    "kg",
    "kgram",
    "kilog",
    "percent",
    "%",
    *(n for n in NAMES if n.startswith("square_") or n.endswith("m2")),
}
EVERY = sorted(NAMES | {prefix + name for prefix in PREFIXES for name in NAMES - UNSAID if name != "°C"})
PRINTERS = (plain, pretty, upright, siunitx, macros)


@pytest.mark.parametrize(
    ("unit", "shown", "page", "math", "macro"),
    [
        ("W/(m*K)", "W/(m*K)", "W/(m·K)", r"\mathrm{W/(m\,K)}", r"\watt\per\metre\per\kelvin"),
        ("W/m/K", "W/(m*K)", "W/(m·K)", r"\mathrm{W/(m\,K)}", r"\watt\per\metre\per\kelvin"),
        ("W/m*K", "W*K/m", "W·K/m", r"\mathrm{W\,K/m}", r"\watt\per\metre\kelvin"),
        ("1/(s*K)", "1/(s*K)", "1/(s·K)", r"\mathrm{s^{-1}\,K^{-1}}", r"\per\second\per\kelvin"),
        ("J/(byte*m**3)", "J/(byte*m3)", "J/(byte·m³)", r"\mathrm{J/(byte\,m^{3})}", r"\joule\per\byte\per\metre\cubed"),  # noqa: E501
        ("%/K", "%/K", "%/K", r"\mathrm{\%/K}", r"\percent\per\kelvin"),
        ("1/%", "1/%", "1/%", r"\mathrm{\%^{-1}}", r"\per\percent"),
        ("joule/square_meter", "J/m2", "J/m²", r"\mathrm{J/m^{2}}", r"\joule\per\metre\squared"),
        ("µs", "us", "µs", r"\mathrm{\mu s}", r"\micro\second"),
        ("microsecond", "us", "µs", r"\mathrm{\mu s}", r"\micro\second"),
        ("µm", "um", "µm", r"\mathrm{\mu m}", r"\micro\metre"),
        ("um2", "um2", "µm²", r"\mathrm{\mu m^{2}}", r"\micro\metre\squared"),
        ("kilobyte", "kB", "kB", r"\mathrm{kB}", r"\kilo\byte"),
        ("kilogram", "kg", "kg", r"\mathrm{kg}", r"\kilo\gram"),
        ("kohm", "kohm", "kΩ", r"\mathrm{k\Omega}", r"\kilo\ohm"),
        ("um**2*Hz**-1", "um2*Hz**-1", "µm²·Hz⁻¹", r"\mathrm{\mu m^{2}\,Hz^{-1}}", r"\micro\metre\squared\per\hertz"),
        ("pJ/byte", "pJ/byte", "pJ/byte", r"\mathrm{pJ/byte}", r"\pico\joule\per\byte"),
        ("1", "", "", "", ""),
    ],
)  # fmt: skip
def test_every_printer_says_the_same(unit, shown, page, math, macro):
    assert (plain(unit), pretty(unit), upright(unit), macros(unit)[0]) == (shown, page, math, macro)


@pytest.mark.parametrize("name", sorted(NAMES - {"°C"}))
def test_every_unit_with_every_prefix_is_read_as_the_registry_reads_it(name):
    for unit in [name, *(prefix + name for prefix in PREFIXES if name not in UNSAID)]:
        worth = math.prod(units.measure(_plain(f)).worth ** f.exponent for f in factors(unit))
        assert math.isclose(worth, units.measure(unit).worth, rel_tol=1e-12)
        assert math.isclose(units.measure(plain(unit)).worth, worth, rel_tol=1e-12)


def test_a_thousand_grams_spoil_no_other_unit():
    # joules stand on kilograms: a prefix before a gram must not define a kilogram by itself
    assert units.measure("kgram") == units.measure("kilog") == units.measure("kg")
    assert units.measure("mJ").worth == 1e-3


def _plain(factor):
    return f"{factor.prefix}{factor.name}"


@pytest.mark.parametrize("unit", ["W/(m*K)", "1/(s*K)", "J/(byte*m**3)", "J/m K", "J/(m)(s)", "um**2*GHz**-1", "1/%"])
def test_products_are_read_as_the_registry_reads_them(unit):
    worth = math.prod(units.measure(_plain(f)).worth ** f.exponent for f in factors(unit))
    assert math.isclose(worth, units.measure(unit).worth, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("nm2", r"nm2 is nano times m2, which nobody would read so: write m2, or a power such as nm\*\*2"),
        ("kmm2", "kmm2 is kilo times mm2"),
        ("mkg", "mkg is milli times kg"),
        ("kpercent", "kpercent is a percent with a prefix"),
        ("smoot", "smoot is not among those of units.txt"),
        ("W/(m*K", r"'W/\(m\*K' cannot be written as a unit"),
        ("W//m", "cannot be written as a unit at '/'"),
        ("≥ W", "cannot be written as a unit"),
    ],
)
def test_what_cannot_be_said_is_refused(unit, reason):
    for printer in PRINTERS:
        with pytest.raises(UnitError, match=reason):
            printer(unit)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_every_unit_with_every_prefix_compiles(tmp_path):
    said = EVERY
    own = sorted({name for unit in said for name in macros(unit)[1]})
    declared = "".join(rf"\DeclareSIUnit{{\{name}}}{{{name}}}" for name in own)
    body = "\n\n".join(
        rf"$\qty{{1}}{{{macros(unit)[0]}}}$ \unit{{{siunitx(unit)}}} $1\,{upright(unit)}$" for unit in said
    )
    head = r"\documentclass{article}\usepackage{amsmath}\usepackage{siunitx}" + declared
    (tmp_path / "units.tex").write_text(rf"{head}\begin{{document}}{body}\end{{document}}", "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "units.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-1500:]
    assert not re.findall("Missing character.*", done.stdout)
