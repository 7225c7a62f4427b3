"""Identifiers for other languages from dotted names: readable, never a reserved word, no two alike.

An identifier depends on the set of names alone, not on their order: the same export always names things the same.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

SIGNS = {"/": " per ", "*": " times ", "+": " plus ", "-": " minus ", "<": " below ", ">": " above ", "=": " is "}
ECMASCRIPT = """
    abstract arguments async await boolean break byte case catch char class const continue debugger default delete do
    double else enum eval export extends false final finally float for function get goto if implements import in
    instanceof int interface let long native new null of package private protected public return set short static
    super switch synchronized this throw throws transient true try typeof undefined var void volatile while with yield
    NaN Infinity Math Number Object Array Float64Array Map Set String Boolean Symbol BigInt Date Error RangeError
    TypeError JSON Function Promise Proxy Reflect RegExp Intl globalThis window document self name top parent status
    isNaN isFinite parseFloat parseInt constructor prototype __proto__
"""
C_AND_CPP = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl
    complex concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default
    delete do double dynamic_cast else enum explicit export extern false final float for friend goto if imaginary import
    inline int long main module mutable namespace new noexcept noreturn not not_eq nullptr operator or or_eq override
    private protected public register reinterpret_cast requires restrict return short signed sizeof static static_assert
    static_cast struct switch template this thread_local throw true try typedef typeid typename typeof typeof_unqual
    union unsigned using virtual void volatile wchar_t while xor xor_eq linux unix i386 near far huge interface small
    min max errno assert signgam environ NULL NAN INFINITY EOF TRUE FALSE BUFSIZ OVERFLOW UNDERFLOW DOMAIN SING PLOSS
    TLOSS MAXFLOAT HUGE HUGE_VAL HUGE_VALF HUGE_VALL RAND_MAX EXIT_SUCCESS EXIT_FAILURE MB_CUR_MAX I
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp2 expm1 fabs fdim finite
    floor fma fmax fmin fmod frexp gamma hypot ilogb isfinite isinf isnan isnormal isunordered j0 j1 jn ldexp lgamma
    llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow pow10 remainder
    remquo rint round scalb scalbln scalbn signbit significand sin sinh sqrt tan tanh tgamma trunc y0 y1 yn
    abort abs atexit atof atoi atol bsearch calloc div exit free getenv labs ldiv malloc qsort rand random realloc srand
    strtod strtol system size_t ptrdiff_t offsetof double_t float_t fpclassify isgreater isless
    stdin stdout stderr math_errhandling CHAR_BIT INT_MAX INT_MIN UINT_MAX LONG_MAX LONG_MIN SIZE_MAX
    DBL_MAX DBL_MIN DBL_EPSILON FLT_MAX FLT_MIN FLT_EPSILON M_E M_PI M_LN2 M_LN10 M_SQRT2
"""
# What C and POSIX call functions, types and macros, now and later: one word, as printf or F_OK, and some of more.
LIBRARY = re.compile(
    r"[a-z0-9]+|\w+_(r|t|l|s|np|unlocked)|(sa|clock|posix|pthread|sched|atomic|thrd|mtx|cnd|tss|timer|timespec)_\w+"
    r"|(aligned|arc4random|at|call|explicit|on|open|quick)_(alloc|buf|uniform|quick_exit|once|bzero|exit|w?memstream)"
)
EXCEL = "true false null na pi e r c rc l z s criteria database extract print_area print_titles consolidate_area"
INTERACTIVE = "copyright credits exit help license quit"
CELL = re.compile(r"([a-z]{1,3}[0-9]+|r[0-9]*c[0-9]*|[rzls][0-9]+([sc][0-9]*)?)")


class Language(NamedTuple):
    """What a language allows: words it keeps to itself, whether case tells names apart, the longest name."""

    reserved: frozenset[str]
    folds: bool = False
    longest: int = 200
    looks_odd: re.Pattern[str] | None = None


def _python() -> frozenset[str]:
    plain = {name for name in dir(builtins) if name.islower()}
    return frozenset({*keyword.kwlist, *keyword.softkwlist, *plain, *INTERACTIVE.split(), "np", "npt", "self"})


LANGUAGES = {
    "python": Language(_python()),
    "c": Language(frozenset(C_AND_CPP.split())),
    "javascript": Language(frozenset(ECMASCRIPT.split())),
    "spreadsheet": Language(frozenset(EXCEL.split()), folds=True, looks_odd=CELL),
}


def identifiers(language: str, names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """An identifier for every name, none of them in `taken`; of several alike the plainest name keeps it.

    >>> identifiers("c", ["dram.bandwidth", "dram_bandwidth", "int"])
    {'dram.bandwidth': 'dram_bandwidth_2', 'dram_bandwidth': 'dram_bandwidth', 'int': 'int_'}
    """
    rules = LANGUAGES[language]
    names = list(dict.fromkeys(names))
    used = {_key(rules, word) for word in taken}
    natural = {name: identifier(language, name) for name in names}
    claimed = {_key(rules, word) for word in natural.values()}
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (natural[name] != name, name)):
        word, number = natural[name], 1
        while _key(rules, word) in used or (number > 1 and _key(rules, word) in claimed):
            number += 1
            word = f"{natural[name].rstrip('_')}_{number}"
        used.add(_key(rules, word))
        found[name] = word
    return {name: found[name] for name in names}


def identifier(language: str, name: str) -> str:
    """A name as an identifier, with no thought of others.

    >>> identifier("python", "lambda"), identifier("spreadsheet", "ab12"), identifier("c", "latency/η")
    ('lambda_', 'ab12_', 'latency_per_eta')
    """
    rules = LANGUAGES[language]
    text = "".join(SIGNS.get(character, character) for character in name)
    word = re.sub(r"[^0-9A-Za-z]+", "_", _latin(text)).strip("_")[: rules.longest] or "value"
    if word[0].isdigit():
        word = f"n_{word}"
    odd = rules.looks_odd is not None and rules.looks_odd.fullmatch(word.lower())
    return f"{word}_" if odd or _key(rules, word) in rules.reserved else word


def snake(title: str) -> str:
    """A title as the name of a function: DigitalSpeculation is digital_speculation.

    >>> snake("DigitalSpeculation"), snake("gemm_tiler")
    ('digital_speculation', 'gemm_tiler')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title).lower()


def function(language: str, title: str) -> str:
    """The name of the function that a title's formulas become; in C none that a library has, or may get.

    >>> function("python", "DigitalSpeculation"), function("c", "gemm_tiler"), function("c", "printf")
    ('digital_speculation', 'gemm_tiler', 'printf_model')
    """
    word = identifier(language, snake(title))
    plain = word.rstrip("_")
    return f"{plain}_model" if language == "c" and LIBRARY.fullmatch(plain) else word


def _key(rules: Language, word: str) -> str:
    return word.lower() if rules.folds else word


def _latin(text: str) -> str:
    """Letters of other alphabets by name: η is eta; accents fall off."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c if c.isascii() else _named(c) for c in plain if not unicodedata.combining(c))


def _named(character: str) -> str:
    found = re.search(r"LETTER (\w+)$", unicodedata.name(character, ""))
    if found is None:
        return "_"
    return found[1].capitalize() if character.isupper() else found[1].lower()
