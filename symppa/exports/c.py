"""The formulas as a C header of static inline functions: C99, and C++ as it is; nothing but the standard library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from symppa.exports.bodies import Body, Syntax
from symppa.exports.content import Content, Index, Parameter, Shown
from symppa.exports.heading import heading, plain, tables
from symppa.exports.loops import Columns, Dialect, Steps, described, figure, per, times
from symppa.exports.names import function, identifiers
from symppa.exports.rules import functions, needed

DIALECT = Dialect("c", "NAN", "INFINITY", "(double){}", "(double){}")
OWN = ("given", "shown", "work", "used", "undefined", "which", "unused", "code", "k")
CODES = {
    "OK": "computed",
    "MISSING": "a given that nobody told: NAN, or NULL for a vector or a table",
    "OUTSIDE": "a given outside its domain",
    "SHAPE": "a set without members, a size that is no whole number, or a vector shorter than its set",
    "MEMORY": "no memory for the vectors",
    "UNDEFINED": "computed, but an output is NAN: a key that no table has, a root of a negative number",
}
NUMBERS = """\
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "undefined values and rounding up need IEEE arithmetic: compile without -ffast-math"
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize ("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract (off)
#endif
"""
CLANG = ("#if defined(__clang__)", "#pragma STDC FP_CONTRACT OFF", "#endif")
OPENED = "\n".join([" {", *CLANG, ""])
AFTER = ("#if defined(__GNUC__) && !defined(__clang__)", "#pragma GCC pop_options", "#endif")
ROUNDING = (
    "Every operation is rounded on its own, or a ceiling might differ from one machine to the next: gcc, clang and "
    "MSVC are told so below. Another compiler that fuses products and sums needs an option like -ffp-contract=off."
)


@dataclass(frozen=True)
class Options:
    """C has one form."""


def write(content: Content, options: Options) -> str:
    """A header that needs the standard library only."""
    return _Header(content).text()


class _Header:
    """The text of one header."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.name = self.function = function("c", content.title)  # begins all other names
        self.tables = tables(content)
        columns = [text for name in self.tables for text in (f"{name} keys", f"{name} rows")]
        columns += [c.name for c in content.columns]
        self.fields = identifiers("c", columns, OWN)
        taken = [*OWN, *functions("c"), *self.fields.values(), self.function]
        taken += [f"size_{i.axis}" for i in content.indexes]
        self.steps = Steps(content, DIALECT, taken, self._columns())
        self.body = Body(self.steps, self._syntax())
        self.shown = identifiers("c", [o.name for o in content.outputs], self.steps.lengths.values())
        self.upper = self.name.upper()

    def _columns(self) -> Columns:
        found = {}
        for column in self.content.columns:
            table = column.name.rpartition(".")[0]
            keys, rows = self.fields[f"{table} keys"], self.fields[f"{table} rows"]
            entries = self.fields[column.name]
            found[column.name] = (f"given->{keys}, given->{entries}", f"given->{rows}", column.scale)
        return found

    def _syntax(self) -> Syntax:
        def array(name: str, length: str) -> list[str]:
            made = f"double *const {name} = symppa_room(work, used, {length});"
            return [made, f"if ({name} == NULL) return {self.upper}_MEMORY;"]

        def filled(name: str, length: str, start: str) -> list[str]:
            return [*array(name, length), f"for (size_t k = 0; k < {length}; k++) {name}[k] = {start};"]

        return Syntax(
            constant="const double {name} = {text};",
            running="double {name} = {text};",
            loop="for (size_t {place} = 0; {place} < {length}; {place}++) {{",
            comment="/* {text} */",
            safe=_safe,
            array=array,
            filled=filled,
            extent=self._extent,
            product=_product,
            member=self._member,
        )

    def _extent(self, index: Index, name: str, single: list[str], several: list[tuple[str, str]]) -> list[str]:
        size, shape = f"size_{index.axis}", f"return {self.upper}_SHAPE;"
        lines = [f"double {size} = 0.0;", *(f"{size} = symppa_size({size}, {one});" for one in single)]
        for array, length in several:
            lines.append(f"for (size_t k = 0; k < {length}; k++) {size} = symppa_size({size}, {array}[k]);")
        lines.append(f"if ({size} < 0.0) {shape}")
        if self._vectors(index):
            lines.append(f"if ((double)given->{name} < {size}) {shape}")
            known = f"given->{name}"
        else:
            known = f"(size_t){size}"
        return [*lines, f"const size_t {name} = {known} > 0 ? {known} : 1;"]

    def _vectors(self, index: Index) -> list[Parameter]:
        return [p for p in self.content.parameters if index.name in p.sets]

    def _member(self, n: int, offset: str) -> str:
        """A vector at a place; one over an empty set is read where nothing counts it."""
        given = self.content.program.givens[self.content.program.steps[n].detail]
        sized = [self.steps.lengths[a] for a in given.over if self.steps.indexes[a].sizes]
        text = f"given->{self.steps.names[n]}[{offset}]"
        if sized:
            text = f"({' || '.join(f'given->{name} == 0' for name in sized)} ? NAN : {text})"
        return f"{text}{times(self.steps.scales[n])}"

    # the whole

    def text(self) -> str:
        """Heading, structs, rules, functions."""
        body = "\n".join([*self._check(), "", *self._formulas(), "", *self._function()])
        rules = needed("c", body)
        guard = f"{self.upper}_H"
        system = ["math.h", "stddef.h", *(["stdarg.h"] if "va_list" in "".join(rules.values()) else [])]
        system += ["stdlib.h"] if "malloc(" in "".join(rules.values()) or "free(" in body else []
        lines = ["/*", *(f" * {_safe(line)}".rstrip() for line in [*heading(self.content), "", *wrap(ROUNDING, 110)])]
        lines += [" */", f"#ifndef {guard}", f"#define {guard}", "", *(f"#include <{one}>" for one in sorted(system))]
        lines += ["", NUMBERS, *self._enums(), "", *self._givens(), "", *self._outputs(), ""]
        for name, block in rules.items():
            own = name.upper()
            lines += [f"#ifndef {own}", f"#define {own}", block.replace(" {\n", OPENED, 1), "#endif", ""]
        return "\n".join([*lines, *self._defaults(), "", body, "", *AFTER, "", f"#endif /* {guard} */", ""])

    def _enums(self) -> list[str]:
        lines = [f"/* What {self.function}() returns. */", "enum {"]
        lines += [f"  {self.upper}_{code} = {k}, /* {text} */" for k, (code, text) in enumerate(CODES.items())]
        lines.append("};")
        keys = {
            (p.name, one): f"{self.upper} {p.name} {one}" for p in self.content.parameters for one in p.labels or ()
        }
        reserved = [f"{self.upper}_{code}" for code in CODES]
        words = identifiers("c", (text.upper() for text in keys.values()), reserved)
        for p in self.content.parameters:
            if p.labels:
                entries = (f"{words[keys[p.name, one].upper()]} = {k}" for k, one in enumerate(dict.fromkeys(p.labels)))
                lines += ["", *_comment(f"{p.name}: {p.meaning}"), "enum {"]
                lines += [*(f"  {entry}," for entry in entries), "};"]
        return lines

    def _givens(self) -> list[str]:
        lines = ["/* What goes in, in declared units. */", "typedef struct {"]
        for index in self.content.indexes:
            if not index.sizes or self._vectors(index):
                lines += _field(f"size_t {self.steps.lengths[index.axis]}", f"members of {index.name}, {index.meaning}")
        for p in self.content.parameters:
            over = f", over {', '.join(p.sets)}" if p.sets else ""
            choice = f"; {', '.join(f'{k}: {one}' for k, one in enumerate(p.labels))}" if p.labels else ""
            kind = "const double *" if p.sets else "double "
            text = f"{described(p.unit, p.meaning, p.source)}{over}{choice}"
            lines += _field(f"{kind}{self.steps.names[p.step]}", text)
        for name, columns in self.tables.items():
            lines += _field(f"size_t {self.fields[f'{name} rows']}", f"rows of the table {name}")
            lines += _field(f"const double *{self.fields[f'{name} keys']}", "its keys, ascending")
            for c in columns:
                lines += _field(f"const double *{self.fields[c.name]}", described(c.unit, c.meaning, c.source))
        if len(lines) == 2:
            lines.append("  char nothing;")
        return [*lines, f"}} {self.name}_givens;"]

    def _outputs(self) -> list[str]:
        lines = ["/* What comes out, in declared units. */", "typedef struct {"]
        for axis in self._shown_axes():
            lines += _field(f"size_t {self.steps.lengths[axis]}", f"members of {self.steps.indexes[axis].name}")
        for o in self.content.outputs:
            over = f", over {', '.join(o.sets)}: freed by {self.name}_free()" if o.sets else ""
            kind = "double *" if o.sets else "double "
            lines += _field(f"{kind}{self.shown[o.name]}", f"{described(o.unit, o.meaning, o.source)}{over}")
        return [*lines, f"}} {self.name}_outputs;"]

    def _shown_axes(self) -> list[int]:
        return sorted({axis for o in self.content.outputs for axis in self.content.program.sets(o.step)})

    def _defaults(self) -> list[str]:
        """The values that come along; what nobody told is NAN, NULL or 0."""
        lines = []
        for index in self.content.indexes:
            if not index.sizes or self._vectors(index):
                lines.append(f"given.{self.steps.lengths[index.axis]} = {index.length or 0};")
        for p in self.content.parameters:
            lines += self._default(p)
        for name, columns in self.tables.items():
            rows, keys = self.fields[f"{name} rows"], self.fields[f"{name} keys"]
            lines += [f"given.{rows} = {len(columns[0].keys)};", *_array(keys, columns[0].keys)]
            for c in columns:
                lines += _array(self.fields[c.name], c.entries)
        opening = ["/* The values that come along; NAN and NULL where nobody tells one. */"]
        opening += [f"static inline {self.name}_givens {self.name}_defaults(void) {{", f"  {self.name}_givens given;"]
        lines = lines or ["given.nothing = 0;"]
        return [*opening, *(f"  {line}" for line in lines), "  return given;", "}"]

    def _default(self, p: Parameter) -> list[str]:
        name = self.steps.names[p.step]
        if not p.sets:
            return [f"given.{name} = {'NAN' if p.value is None else DIALECT.literal(p.value).text};"]
        lengths = [i.length for one in p.sets for i in self.content.indexes if i.name == one]
        value = p.value
        for length in reversed(lengths):
            if value is not None and not isinstance(p.value, list):
                value = [value] * length if length is not None else None
        return _array(name, tuple(_flat(value)) if value is not None else ())

    # functions

    def _check(self) -> list[str]:
        """What is refused, and which given it is."""
        lines = [
            "/* Whether every given is told and in its domain; otherwise `which` names the first that is not. */",
            f"static inline int {self.name}_check(const {self.name}_givens *given, const char **which) {{",
            "  const char *unused;",
            "  int code = 0;",
            "  if (which == NULL) which = &unused;",
        ]
        for index in self.content.indexes:
            if not index.sizes:
                lines += self._which(index.name)
                lines.append(f"  if (given->{self.steps.lengths[index.axis]} == 0) return {self.upper}_SHAPE;")
        for p in self.content.parameters:
            checked = self._checked(p)
            if p.choices:
                numbers = ", ".join(figure(one) for one in p.choices)
                checked = [
                    "  {",
                    f"    static const double choices[] = {{{numbers}}};",
                    *(f"  {c}" for c in checked),
                    "  }",
                ]
            lines += [*self._which(p.name), *checked]
        for name, columns in self.tables.items():
            pointers = [self.fields[f"{name} keys"], *(self.fields[c.name] for c in columns)]
            absent = " || ".join(
                [f"given->{self.fields[f'{name} rows']} == 0", *(f"given->{q} == NULL" for q in pointers)]
            )
            lines += self._which(name)
            lines += wrap(f"  if ({absent}) return {self.upper}_MISSING;", 112, subsequent_indent="      ")
        return [*lines, "  *which = NULL;", "  (void)given;", "  return code;", "}"]

    def _which(self, name: str) -> list[str]:
        return [f"  *which = {json.dumps(name, ensure_ascii=False)};"]

    def _checked(self, p: Parameter) -> list[str]:
        name = self.steps.names[p.step]
        if not p.sets:
            return [f"  if ((code = {self._refused(p, f'given->{name}')}) != 0) return code;"]
        lengths = [f"given->{self.steps.lengths[a]}" for a in self.content.program.givens[p.name].over]
        length = _product(lengths)
        return [
            f"  if (given->{name} == NULL && {length} > 0) return {self.upper}_MISSING;",
            f"  for (size_t k = 0; k < {length}; k++) {{",
            f"    if ((code = {self._refused(p, f'given->{name}[k]')}) != 0) return code;",
            "  }",
        ]

    def _refused(self, p: Parameter, value: str) -> str:
        if p.choices:
            return f"symppa_no_choice({value}, choices, {len(p.choices)})"
        if p.member_of:
            axis = next(i.axis for i in self.content.indexes if i.name == p.member_of)
            return f"symppa_no_whole({value}, 0.0, (double)given->{self.steps.lengths[axis]} - 1.0)"
        if p.labels:
            return f"symppa_no_whole({value}, 0.0, {figure(len(p.labels) - 1)})"
        low = "-INFINITY" if p.low is None else figure(p.low)
        high = "INFINITY" if p.high is None else figure(p.high)
        if p.kind == "integers":
            return f"symppa_no_whole({value}, {low}, {high})"
        return f"symppa_refused({value}, {low}, {high}, {figure(p.stride or 0.0)})"

    def _formulas(self) -> list[str]:
        """Every step, then the outputs in their units."""
        lines = ["int undefined = 0;"]
        for index in self.content.indexes:
            if not index.sizes:
                name = self.steps.lengths[index.axis]
                lines.append(f"const size_t {name} = given->{name};")
        for p in self.content.parameters:
            if not p.sets:
                name = self.steps.names[p.step]
                lines.append(f"const double {name} = given->{name}{times(p.scale)};")
        lines += self.body.lines()
        for o in self.content.outputs:
            lines += self.body.extents(self.content.program.sets(o.step))
        lines += [f"shown->{self.steps.lengths[a]} = {self.steps.lengths[a]};" for a in self._shown_axes()]
        for o in self.content.outputs:
            lines += self._collected(o)
        lines += ["(void)given;", f"return undefined ? {self.upper}_UNDEFINED : {self.upper}_OK;"]
        work = ", double **work, size_t *used" if self.body.stored else ""
        opening = f"static inline int {self.name}_formulas("
        opening += f"const {self.name}_givens *given, {self.name}_outputs *shown{work}) {{"
        return [*wrap(opening, 112, subsequent_indent="    "), *CLANG, *(f"  {line}" for line in lines), "}"]

    def _collected(self, o: Shown) -> list[str]:
        field, value = f"shown->{self.shown[o.name]}", f"{self.steps.value(o.step).inside(2)}{per(o.scale)}"
        if not o.sets:
            return [f"{field} = {value}; /* {o.unit} */", f"undefined |= {field} != {field};"]
        at = f"{field}[{self.body.offset(o.step)}]"
        made = [
            f"{field} = symppa_new({self.body.length(o.step)});",
            f"if ({field} == NULL) return {self.upper}_MEMORY;",
        ]
        inside = [*self.body.loads([o.step]), f"{at} = {value}; /* {o.unit} */", f"undefined |= {at} != {at};"]
        return [*made, *self.body.loop(self.content.program.sets(o.step), inside)]

    def _function(self) -> list[str]:
        over = [self.shown[o.name] for o in self.content.outputs if o.sets]
        stored = len(self.body.stored)
        lines = []
        if over:
            lines += ["/* Gives back the vectors of some outputs. */"]
            lines += [f"static inline void {self.name}_free({self.name}_outputs *shown) {{"]
            lines += [f"  free(shown->{name});\n  shown->{name} = NULL;" for name in over]
            lines += ["}", ""]
        free = f"; after it {self.name}_free(), also before the next call" if over else ""
        lines += _comment(f"Every output; returns 0, or why not{free}.")
        lines += [f"static inline int {self.function}(const {self.name}_givens *given, {self.name}_outputs *shown) {{"]
        lines += [f"  int code = {self.name}_check(given, NULL);"]
        lines += [f"  double *work[{stored}];\n  size_t used = 0;"] if stored else []
        lines += [f"  shown->{name} = NULL;" for name in over]
        told = ", work, &used" if stored else ""
        lines += [f"  if (code == 0) code = {self.name}_formulas(given, shown{told});"]
        lines += ["  while (used > 0) free(work[--used]);"] if stored else []
        lines += [f"  if (code != 0 && code != {self.upper}_UNDEFINED) {self.name}_free(shown);"] if over else []
        return [*lines, "  return code;", "}"]


def _product(lengths: list[str]) -> str:
    text = lengths[0]
    for length in lengths[1:]:
        text = f"symppa_times({text}, {length})"
    return text


def _flat(value: Any) -> list[float]:
    return [number for one in value for number in _flat(one)] if isinstance(value, list) else [value]


def _array(name: str, numbers: tuple[float, ...]) -> list[str]:
    if not numbers:
        return [f"given.{name} = NULL;"]
    text = f"static const double {name}[] = {{{', '.join(DIALECT.literal(one).text for one in numbers)}}};"
    return [*wrap(text, 108, subsequent_indent="    ", break_on_hyphens=False), f"given.{name} = {name};"]


def _field(declaration: str, text: str) -> list[str]:
    comment = _comment(text)
    line = f"  {declaration};"
    if len(comment) == 1 and len(line) + len(comment[0]) < 116:
        return [f"{line} {comment[0]}"]
    return [*(f"  {one}" for one in comment), line]


def _comment(text: str) -> list[str]:
    return [f"/* {line} */" for line in wrap(_safe(plain(text)), 100, break_on_hyphens=False)]


def _safe(text: str) -> str:
    """A text inside a comment: it neither ends nor begins one, and spells no trigraph."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")
