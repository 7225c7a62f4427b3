"""How every figure looks: a palette for all eyes, type one can read, units on axes. No window, no state."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symppa.language.written_units import pretty
from symppa.reports.number import shown

# Okabe and Ito's palette; yellow is left out, it is too pale for lines on white.
BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, BLACK = (
    *("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000"),
)  # fmt: skip
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
TARGET = VERMILION
GREY = "#595959"
PALE = "#d0d0d0"
DPI = 200
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def drawing(
    width: float, height: float, rows: int = 1, columns: int = 1, *, height_ratios: Sequence[float] | None = None
) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes, outside pyplot: nothing stays open, no window appears."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(rows, columns, squeeze=False, height_ratios=height_ratios)


def written(figure: Any, path: Any) -> Any:
    """The figure, saved where a path is given; its folder is made."""
    if path is not None:
        import matplotlib as mpl

        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context(STYLE):
            figure.savefig(path, dpi=DPI)
    return figure


def svg(figure: Any) -> str:
    """A figure as SVG that stands in a page; the same figure gives the same text."""
    import matplotlib as mpl

    text = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": "symppa"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    _, begin, rest = text.getvalue().partition("<svg")
    return begin + rest


def labelled(name: str, unit: str) -> str:
    """An axis label: words, and the unit in brackets.

    >>> labelled("compute_density", "TFLOPS/mm2")
    'compute density (TFLOPS/mm²)'
    """
    words, text = name.replace("_", " "), set_unit(unit)
    return f"{words} ({text})" if text else words


def set_unit(unit: str) -> str:
    """A unit as it is set in print."""
    return pretty(unit)


def set_limit(text: str) -> str:
    """A limit as it is set in print.

    >>> set_limit(">= 2 TFLOPS/mm2")
    '≥ 2 TFLOPS/mm²'
    """
    *said, unit = text.replace(">=", "≥").replace("<=", "≤").split(" ", 2)
    return " ".join([*said, pretty(unit)]) if len(said) == 2 else " ".join([*said, unit])


def plain_ticks(axis: Any, *, log: bool = False) -> None:
    """Numbers on an axis without powers of ten where people can read them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    axis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, "")))
    if log:
        low, high = sorted(axis.get_view_interval())
        narrow = high / low < 30 if low > 0 else False
        axis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=12))
        axis.set_minor_formatter(NullFormatter())
        if narrow:
            axis.set_minor_locator(NullLocator())


def direct_labels(axes: Any, ends: Sequence[tuple[float, float, str, str]], *, gap: float) -> None:
    """Labels beside the ends of lines (x, y, text, colour), pushed apart by `gap` of the height."""
    to_axes = axes.transData + axes.transAxes.inverted()
    placed = sorted((float(to_axes.transform((x, y))[1]), x, y, text, colour) for x, y, text, colour in ends)
    heights: list[float] = []
    for wanted, *_ in placed:
        heights.append(max(wanted, heights[-1] + gap) if heights else wanted)
    over = max(0.0, heights[-1] - 1.0) if heights else 0.0
    for height, (_, _, _, text, colour) in zip(heights, placed, strict=True):
        axes.text(1.02, height - over, text, transform=axes.transAxes, color=colour, va="center", ha="left", fontsize=8)


def target_line(axes: Any, value: float, text: str, *, across: bool = True) -> None:
    """A limit or goal as a dashed line with its label."""
    line = axes.axhline if across else axes.axvline
    line(value, color=TARGET, linestyle=(0, (4, 2)), linewidth=1.2, zorder=1, label=text)
