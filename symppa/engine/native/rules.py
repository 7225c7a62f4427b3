"""The C of every operation: the text of `language.operations`, and the functions that the texts call.

Addition, multiplication, division and roots round alike everywhere. Powers, exponentials and logarithms do not, so
numpy computes them here too, block by block: every value is bit for bit that of the numpy reading.
"""

from __future__ import annotations

from symppa.language.operations import BY_NAME, MARK

BY_NUMPY = frozenset({"power", "exp", "log", "lambert_w", "geometric_sum", "smooth_largest"})
DENSE = 65_536  # places of a table that is read by position; numpy looks up in one with keys further apart
PRELUDE = """\
#include <math.h>
#include <float.h>
typedef long long index;
static inline double symppa_max(double a, double b) { return a > b || a != a ? a : b; }
static inline double symppa_min(double a, double b) { return a < b || a != a ? a : b; }
static inline double symppa_less(double a, double b) { return a != a || b != b ? NAN : (a < b ? 1.0 : 0.0); }
static inline double symppa_at_most(double a, double b) { return a != a || b != b ? NAN : (a <= b ? 1.0 : 0.0); }
static inline double symppa_equal(double a, double b) { return a != a || b != b ? NAN : (a == b ? 1.0 : 0.0); }
static inline int symppa_finite(double a) { return fabs(a) <= DBL_MAX; }
static inline double symppa_where(double c, double a, double b) { return c != c ? NAN : (c != 0.0 ? a : b); }
static inline double symppa_lookup(const double *table, double places, double key) {
  const double place = key - table[0];
  const int inside = place >= 0.0 && place < places && key == floor(key);
  const double found = table[1 + (inside ? (int)place : 0)];
  return inside ? found : NAN;
}
"""


def expression(operation: str, arguments: list[str]) -> str:
    """The value of a step that reduces nothing."""
    if operation == MARK:
        return arguments[0]
    if operation == "lookup":
        table, places, key = arguments
        return BY_NAME[operation].c.format(key, k=table, n=places)
    return BY_NAME[operation].c.format(*arguments)


def running(operation: str, before: str, term: str) -> str:
    """The value of a reduction after one member more; the operation's text is a loop over such steps."""
    step = BY_NAME[REDUCED_BY[operation]].c
    return step.format(before, term)


REDUCED_BY = {"total": "add", "largest_over": "maximum", "smallest_over": "minimum"}


def literal(number: float) -> str:
    """A constant in C, to the last bit."""
    if number != number:
        return "NAN"
    if number in (float("inf"), float("-inf")):
        return "INFINITY" if number > 0 else "(-INFINITY)"
    return repr(float(number)) if number >= 0 else f"({float(number)!r})"
