"""The exported C is compiled as it comes, strictly, as C and as C++, and gives numpy's numbers."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as given_
from hypothesis import strategies as st

from symppa.exports.c import Options, _Header, write
from symppa.exports.content import Content
from symppa.language import Model, ceil_div, formula, given, index, integers, reals, total
from tests.engine.models import cases, values
from tests.exports.systems import HOSTILE, asked, assert_same, contents, same

GCC, GPP = shutil.which("gcc"), shutil.which("g++")
pytestmark = pytest.mark.skipif(GCC is None, reason="no gcc here")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
WAYS = {
    "c99": ["gcc", "-std=c99", "-O2", *STRICT],
    "checked": ["gcc", "-std=c99", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *STRICT],
    "c++17": ["g++", "-x", "c++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror"],
    "clang": ["clang", "-std=c99", "-O2", "-march=native", *STRICT],
    "fused": ["gcc", "-std=gnu11", "-O1", "-march=native", *STRICT],
}
MAIN = """\
#include <math.h>
#include <stdio.h>
static inline double next(void) { double x = 0.0; if (scanf("%lf", &x) != 1) x = NAN; return x; }
static inline void show(double x) { printf("%.17g ", x); }
"""


def full(content, point):
    """What a point leaves out is as it came along."""
    return {p.name: p.value for p in content.parameters} | point


def runner(name, content, count):
    """A function that reads so many points and prints the outputs of each."""
    header = _Header(content)
    lines = [f"static void run_{name}(void) {{", f"  for (int point = 0; point < {count}; point++) {{"]
    lines.append(f"    {header.name}_givens g = {header.name}_defaults();\n    {header.name}_outputs o;")
    for p in content.parameters:
        field = header.steps.names[p.step]
        if p.sets:
            size = np.size(whole(content, p))
            lines.append(f"    double v_{field}[{size}];\n    for (int k = 0; k < {size}; k++) v_{field}[k] = next();")
            lines.append(f"    g.{field} = v_{field};")
        else:
            lines.append(f"    g.{field} = next();")
    lines.append(f"    const int code = {header.function}(&g, &o);\n    show(code);")
    for o in content.outputs:
        if o.sets:
            axes = content.program.sets(o.step)
            lengths = " * ".join(f"o.{header.steps.lengths[axis]}" for axis in axes)
            lines += [f"    for (size_t k = 0; k < {lengths}; k++) show(o.{header.shown[o.name]}[k]);"]
        else:
            lines.append(f"    show(o.{header.shown[o.name]});")
    lines.append('    printf("\\n");')
    if any(o.sets for o in content.outputs):
        lines.append(f"    {header.name}_free(&o);")
    return "\n".join([*lines, "  }", "}", ""])


def whole(content, p, value=None):
    """A vector with all its members: one number stands for each."""
    lengths = [next(i.length for i in content.indexes if i.name == one) for one in p.sets]
    return np.broadcast_to(np.asarray(p.value if value is None else value, float), lengths)


def told(content, point):
    """The numbers a runner reads."""
    rows = (whole(content, p, point[p.name]).ravel() if p.sets else [point[p.name]] for p in content.parameters)
    return " ".join(repr(float(x)) for row in rows for x in row)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A folder with one C file that includes and runs every system."""
    folder = tmp_path_factory.mktemp("c")
    for name, content in contents().items():
        (folder / f"{name}.h").write_text(write(content, Options()), encoding="utf-8")
    text = [f'#include "{name}.h"' for name in contents()] + [MAIN]
    text += [runner(name, content, len(asked()[name])) for name, content in contents().items()]
    text += ["int main(void) {", *(f"  run_{name}();" for name in contents()), "  return 0;", "}", ""]
    (folder / "main.c").write_text("\n".join(text), encoding="utf-8")
    lines = [
        told(contents()[name], full(contents()[name], point)) for name, many in asked().items() for point, _ in many
    ]
    (folder / "points").write_text("\n".join(lines))
    return folder


def built(folder, way, source="main.c"):
    """Lines that a program prints, compiled in one way."""
    if shutil.which(WAYS[way][0]) is None:
        pytest.skip(f"no {WAYS[way][0]} here")
    made = subprocess.run(
        [*WAYS[way], source, "-o", way, "-lm"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr[:4000]
    with (folder / "points").open() as points_:
        ran = subprocess.run([f"./{way}"], cwd=folder, stdin=points_, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[:4000]
    return ran.stdout.splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_every_system_gives_the_numbers_of_numpy(program, way):
    lines = iter(built(program, way))
    for name, many in asked().items():
        for _, want in many:
            code, *numbers = map(float, next(lines).split())
            got, place = {}, 0
            for output in want:
                size = np.size(want[output])
                got[output] = np.reshape(numbers[place : place + size], np.shape(want[output]))
                place += size
            assert place == len(numbers)
            assert_same(got, want, f"{name} ({way})")
            undefined = any(np.isnan(one).any() for one in want.values())
            assert code == (5 if undefined else 0)


class Short(Model):
    """A burst that needs as many weights as it has steps."""

    burst = given("1", "steps of the burst", domain=integers(0), default=2)
    step = index("steps", size=burst)
    weight = given("ms", "time of a step", over=step, domain=reals(0), default=[1.0, 2.0, 4.0])
    rate = given("1", "speed", domain=reals(0.5, 8))

    time = formula("s", total(weight * (step + 1), over=step) / rate, "time", derived=True)
    each = formula("ms", weight / rate, "time of each", derived=True)
    whole = formula("1", ceil_div(time, weight), "in steps", derived=True)


REFUSALS = """\
#include "short.h"
#include <stdio.h>
#include <string.h>
static int told(short_model_givens g, const char *name) {
  const char *which = NULL;
  short_model_outputs o;
  const int code = short_model(&g, &o);
  short_model_free(&o);
  short_model_check(&g, &which);
  if (name != NULL && (which == NULL || strcmp(which, name) != 0)) printf("not %s\\n", name);
  return code;
}
int main(void) {
  const double negative[3] = {1.0, -2.0, 4.0};
  short_model_givens g = short_model_defaults();
  printf("%d\\n", told(g, "rate"));
  g.rate = 0.25; printf("%d\\n", told(g, "rate"));
  g.rate = 2.0; printf("%d\\n", told(g, NULL));
  g.burst = 1.5; printf("%d\\n", told(g, "burst"));
  g.burst = 4.0; printf("%d\\n", told(g, NULL));
  g.burst = 3.0; printf("%d\\n", told(g, NULL));
  g.burst = 0.0; g.number_of_step = 0; g.weight = NULL; printf("%d\\n", told(g, NULL));
  g.burst = 3.0; g.number_of_step = 3; printf("%d\\n", told(g, "weight"));
  g.weight = negative; printf("%d\\n", told(g, "weight"));
  return 0;
}
"""


@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
@given_(data=st.data())
def test_random_models_give_the_numbers_of_numpy(tmp_path_factory, data):
    drawn = [data.draw(st.tuples(cases(), values())) for _ in range(12)]
    folder = tmp_path_factory.mktemp("random")
    found = {}
    for k, (case, known) in enumerate(drawn):
        type(case.model).__name__ = f"Random{k}"
        found[f"random{k}"] = (Content(case.model, tuple(case.outputs), known, parts=case.choose), known)
    text = [part for n, (c, _) in found.items() for part in (write(c, Options()), runner(n, c, 1))]
    text += ["int main(void) {", *(f"  run_{name}();" for name in found), "  return 0;", "}", ""]
    (folder / "main.c").write_text("\n".join([MAIN, *text]))
    (folder / "points").write_text("\n".join(told(content, full(content, {})) for content, _ in found.values()))
    lines = built(folder, "checked")
    for line, (name, (content, values_)) in zip(lines, found.items(), strict=True):
        known = {key: value for key, value in values_.items() if key in content.program.known}
        want = np.concatenate([np.ravel(one) for one in content.program(known).values()])
        got = np.array([float(word) for word in line.split()[1:]])
        assert same(got, want), f"{name}: {got} {want}"


def test_what_is_missing_outside_or_short_has_a_code_and_a_name(tmp_path):
    (tmp_path / "short.h").write_text(write(Content(Short), Options()))
    (tmp_path / "main.c").write_text(REFUSALS)
    (tmp_path / "points").write_text("")
    ok, missing, outside, shape, undefined = "0", "1", "2", "3", "5"
    want = [missing, outside, ok, outside, shape, ok, undefined, missing, outside]
    assert built(tmp_path, "checked") == want


def test_hostile_names_and_meanings_break_nothing():
    text = write(Content(HOSTILE), Options())
    assert "double class_;" in text
    assert "int_;" in text
    assert "*/ <" not in text


def test_fast_math_is_refused(tmp_path):
    (tmp_path / "a.h").write_text(write(contents()["gemm_tiler"], Options()))
    (tmp_path / "a.c").write_text('#include "a.h"\nint main(void) { return 0; }\n')
    command = ["gcc", "-ffast-math", "-c", "a.c"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "compile without -ffast-math" in made.stderr


def test_every_header_can_be_read_alone_and_twice(tmp_path):
    for name, content in contents().items():
        (tmp_path / f"{name}.h").write_text(write(content, Options()), encoding="utf-8")
        (tmp_path / f"{name}.c").write_text(f'#include "{name}.h"\n#include "{name}.h"\n')
    files = [f"{name}.c" for name in contents()]
    command = ["gcc", "-std=c99", *STRICT, "-fsyntax-only", *files]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[:4000]


@pytest.mark.parametrize("title", ["printf", "F", "Malloc", "errno", "main", "clock_gettime", "size_t", "given"])
def test_a_system_may_be_called_as_the_library_is(tmp_path, title):
    side = given("1", "side", default=2)
    space = {"__module__": __name__, "__doc__": "A square.", "side": side}
    made = type(title, (Model,), space | {"area": formula("1", side * side, "area", derived=True)})
    content = Content(made)
    name = _Header(content).function
    (tmp_path / "square.h").write_text(write(content, Options()))
    first = [f"#include <{one}.h>" for one in ("errno", "math", "stdio", "stdlib", "time", "unistd")]
    body = [f"  {name}_givens g = {name}_defaults();", f"  {name}_outputs o;", f"  if ({name}(&g, &o)) return 1;"]
    main = [
        *first,
        '#include "square.h"',
        "int main(void) {",
        *body,
        '  printf("%g\\n", o.area);',
        "  return 0;",
        "}",
        "",
    ]
    (tmp_path / "main.c").write_text("\n".join(main))
    command = ["gcc", "-std=gnu11", *STRICT, "main.c", "-o", "main", "-lm"]
    built_ = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built_.returncode == 0, built_.stderr
    assert subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "4\n"
