import base64
import hashlib
import json
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from urllib.parse import quote

import numpy as np
import pytest

from symppa.errors import QuestionError, SymppaError
from symppa.exports import export
from symppa.exports.content import Content
from symppa.exports.html import SCRIPTS, Options, harmless, write
from symppa.exports.page.fields import default_range, domain_shown, fields, spellings
from symppa.exports.page.sections import plain_bibtex
from symppa.language import Model, choices, formula, given, integers, lookup, reals, table
from symppa.language.written_units import pretty as unit_shown
from tests.exports.browser import PROGRAM, Browser
from tests.exports.systems import FULL, HOSTILE, SHIPPED, Everything, contents, points, reference, same

needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="no chromium on this machine")


class Plant(Model):
    """A small system with something of every kind of given."""

    speed = given("GHz", "speed of the plant", default=1.5, domain=reals("0.5 GHz", "3 GHz"), symbol="f")
    units = given("1", "units", default=4, domain=integers(1, 64), symbol="n")
    tile = given("1", "tile", default=8, domain=choices(4, 8, 16))
    mode = given("1", "how it runs", default="fast", domain=choices("slow", "fast"))
    loss = given("W", "what is lost", default=2)
    pitch = given("mm", "pitch in steps", default=2, domain=reals("1 mm", "4 mm", "0.5 mm"))
    bits = given("1", "resolution", default=6)
    adc = table("converters", energy="pJ")

    rate = formula("GHz", speed * units * (1 + mode), "rate of the plant", derived=True)
    power = formula("W", loss * units * (1 + tile), "power", derived=True)
    area = formula("mm**2", units * pitch**2, "area", source="williams2009")
    spent = formula("pJ", lookup(adc.energy, bits), "energy of a conversion", derived=True)


class Empty(Model):
    """A system nobody has told anything."""

    width = given("m", "width")
    height = given("m", "height", default=2)
    area = formula("m**2", width * height, "area", derived=True)


ADC = {"adc": {4: {"energy": "1 pJ"}, 6: {"energy": "2 pJ"}}}


class Parsed(HTMLParser):
    """Tags with their attributes, and the text of each script and style."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.raw, self.ids = [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        if self.tags and self.cdata_elem:
            key = self.tags[-1][1].get("id") or self.tags[-1][1].get("type") or self.tags[-1][0]
            self.raw[key] = self.raw.get(key, "") + data


def plant(**options):
    return write(Content(Plant, values=ADC), Options(**options))


def data_of(page):
    return json.loads(Parsed(page).raw["data"])


# the file


@cache
def page_of(name):
    return write(contents()[name], Options())


@pytest.mark.parametrize("name", [*SHIPPED, "digital_speculation", "everything", "hostile"])
def test_a_page_stands_alone_and_is_sound(name):
    parsed = Parsed(page_of(name))
    assert len(parsed.ids) == len(set(parsed.ids))
    assert [tag for tag, _ in parsed.tags].count("script") == 2
    for tag, attributes in parsed.tags:
        assert tag not in ("link", "img", "iframe", "object", "base", "form") or attributes.get("href") == "data:,"
        assert not {"src", "style", "onclick", "onload"} & attributes.keys()
    named = {a["for"] for tag, a in parsed.tags if tag == "label" and "for" in a}
    fields_ = [a for tag, a in parsed.tags if tag in ("input", "select")]
    assert all(a["id"] in named or "aria-label" in a or a.get("type") == "checkbox" for a in fields_)


def test_the_policy_of_a_page_allows_its_own_script_and_style_and_no_network():
    parsed = Parsed(plant())
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    for name, kind in (("module", "script-src"), ("style", "style-src")):
        digest = base64.b64encode(hashlib.sha256(parsed.raw[name].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_no_text_breaks_out_of_its_place():
    parsed = Parsed(write(Content(HOSTILE), Options()))
    assert not [tag for tag, _ in parsed.tags if tag == "b"]
    assert len(json.loads(parsed.raw["data"])["fields"]) == len(Content(HOSTILE).parameters)
    assert harmless("</SCRIPT><!--\r\n") == "<\\/SCRIPT>\\u003c!--\n"


def test_a_page_says_what_it_was_made_of():
    content = contents()["nexgen_baseline"]
    page = page_of("nexgen_baseline")
    assert content.subject.hashes(content.program, {})["program"] in page
    for output in content.outputs:
        assert output.meaning in page
    assert "Roofline: An Insightful Visual Performance Model" in page


def test_the_parts_of_a_page_are_in_the_package():
    for name in ("page.html", "page.css", *SCRIPTS):
        assert files("symppa.exports.page").joinpath(name).is_file()


def test_a_page_is_one_of_the_exports():
    assert export(Plant, "html", values=ADC, sliders=("speed=1GHz:2GHz",)).startswith("<!doctype html>")


def test_chosen_outputs_alone_are_on_the_page():
    page = write(Content(Plant, ("area",), ADC), Options())
    assert [o["name"] for o in data_of(page)["outputs"]] == ["area"]
    assert {f["name"] for f in data_of(page)["fields"]} == {"units", "pitch"}
    assert "speed of the plant" not in page


# sliders


@pytest.mark.parametrize(
    ("text", "low", "high", "step"),
    [
        ("speed=1GHz:2GHz", 1, 2, None),
        ("speed=1000 MHz:2GHz:250 MHz", 1, 2, 0.25),
        ("units=2:32", 2, 32, 1),
        ("pitch=1:3", 1, 3, 0.5),
        ("speed", 0.5, 3, None),
    ],
)
def test_a_slider_goes_where_it_is_told(text, low, high, step):
    data = data_of(plant(sliders=(text,)))
    found = next(f for f in data["fields"] if f["name"] == text.partition("=")[0])["range"]
    assert data["sliders"] == [text.partition("=")[0]]
    assert (found["low"], found["high"], found.get("step")) == pytest.approx((low, high, step))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sped", "no slider can move 'sped'.*speed"),
        ("mode", "it is no number"),
        ("speed=2GHz:1GHz", "leads nowhere"),
        ("speed=1GHz", "no range: write speed=LOW:HIGH"),
        ("speed=1GHz:2W", "does not measure"),
        ("speed=0.1GHz:2GHz", "leaves the domain of speed, 0.5 to 3 GHz"),
        ("tile=5:7", "none of the choices of tile"),
        ("speed=1GHz:2GHz:-1", "a step is above 0"),
    ],
)
def test_a_slider_that_cannot_be_is_refused(text, why):
    with pytest.raises(QuestionError, match=why):
        plant(sliders=(text,))


def test_the_sliders_nobody_names_move_what_matters_most():
    page = write(Content(Plant, ("rate",), ADC), Options())
    assert set(data_of(page)["sliders"]) == {"speed", "units"}
    assert "the givens that rate answers most to" in page


def test_a_target_gives_its_ranges_and_limits():
    data = data_of(write(contents()["nexgen_baseline"], Options(target="soc_500w")))
    assert data["sliders"][0] == "chiplet.sms"
    sms = next(f for f in data["fields"] if f["name"] == "chiplet.sms")
    assert (sms["range"]["low"], sms["range"]["high"], sms["range"]["step"]) == (16, 64, 1)
    assert data["limits"] == [{"output": "power", "relation": "<=", "bound": 500, "words": "at most 500 W"}]


def test_outputs_that_a_target_limits_come_along():
    data = data_of(write(Content("nexgen_baseline", ("area",)), Options(target="soc_500w")))
    assert [o["name"] for o in data["outputs"]] == ["area", "power", "compute_density"]


def test_a_target_of_another_system_is_refused():
    with pytest.raises(QuestionError, match="the target edge_5w is one of TiledGemm, and ChipletSoC does not have"):
        write(Content("nexgen_baseline", ("area",)), Options(target="edge_5w"))
    with pytest.raises(SymppaError, match="soc_500w"):
        write(Content("nexgen_baseline"), Options(target="soc_500"))


@pytest.mark.parametrize(
    ("unit", "other", "worth"), [("GHz", "MHz", 1e-3), ("mm2", "um2", 1e-6), ("1", "percent", 0.01)]
)
def test_a_unit_may_be_typed_in_other_words(unit, other, worth):
    assert spellings(unit)[other] == pytest.approx(worth, rel=1e-15)
    assert spellings(unit)[unit] == 1
    assert "W" not in spellings(unit)


def test_a_range_stays_in_the_domain_and_holds_the_value():
    for content in contents().values():
        for field in fields(content):
            if field.labels is None and field.value is not None:
                found, p = default_range(field), field.parameter
                assert found.low <= field.value <= found.high or not field.value
                assert p.low is None or found.low >= p.low
                assert p.high is None or found.high <= p.high


def test_domains_units_and_references_are_told_in_words():
    by_name = {p.name: domain_shown(p) for p in Content(Plant, values=ADC).parameters}
    assert by_name["speed"] == "0.5 to 3 GHz"
    assert by_name["units"] == "whole numbers from 1 to 64"
    assert by_name["tile"] == "one of 4, 8, 16"
    assert by_name["pitch"] == "1 to 4 mm, in steps of 0.5 mm"
    assert by_name["loss"] == ""
    assert unit_shown("um**2*GHz**-1") == "µm²·GHz⁻¹"
    assert plain_bibtex(r"Ya{\u g}l{\i}k{\c c}{\i} \url{https://x.org/a\_b}") == "Yağlıkçı https://x.org/a_b"


@pytest.mark.parametrize(
    ("asked", "shown_first"), [("speed", "rate"), ("loss", "power"), ("pitch", "area"), ("units", "rate")]
)
def test_the_chart_begins_with_an_output_that_answers_to_the_first_slider(asked, shown_first):
    data = json.loads(Parsed(write(Content(Plant, values=ADC), Options(sliders=(asked, "tile")))).raw["data"])
    assert data["leading"] == shown_first
    untold = json.loads(Parsed(write(Content(Plant), Options(sliders=(asked, "tile")))).raw["data"])
    assert untold["leading"] == shown_first


@pytest.mark.parametrize("name", SHIPPED)
def test_the_first_chart_of_every_system_moves(name):
    data, content = json.loads(Parsed(page_of(name)).raw["data"]), contents()[name]
    field = next(f for f in fields(content) if f.name == data["sliders"][0])
    leading = next(o for o in content.outputs if o.name == data["leading"])
    assert field.parameter.name in content.program.support(leading.step)


def test_the_chart_begins_with_a_limit_that_the_first_slider_moves():
    content = Content("nexgen_baseline", ("memory_bandwidth", "power", "peak_compute"))
    data = json.loads(Parsed(write(content, Options(sliders=("chiplet.sms",), target="soc_500w"))).raw["data"])
    assert data["leading"] == data["limits"][0]["output"] == "power"
    data = json.loads(Parsed(write(content, Options(sliders=("clock",), target="soc_500w"))).raw["data"])
    assert data["leading"] == "peak_compute"  # fixed powers: no clock moves the limit


# in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if PROGRAM is None:
        pytest.skip("no chromium on this machine")
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page; in the end nothing may have been asked of the network, and nothing complained about."""
    pages = []

    def open_(text, fragment="", **more):
        file = tmp_path / "page.html"
        file.write_bytes(text.encode())
        pages.append((browser.page(f"{file.as_uri()}{fragment}", **more), file.as_uri()))
        return pages[-1][0]

    yield open_
    for page, address in pages:
        assert page.complaints() == []
        assert set(page.requests()) <= {address, "data:,", "about:blank"}
        page.close()


def shown(page):
    """Every output by its number and place, to the last digit."""
    cells = page.value("[...document.querySelectorAll('data[data-output]')].map(c => [c.dataset.output, c.value])")
    found = {}
    for number, text in cells:
        found.setdefault(int(number), []).extend(
            float(part.replace("Infinity", "inf")) for part in text.split(", ") if part
        )
    return found


def assert_shown(page, content, point):
    got, want = shown(page), reference(content, point)
    for number, output in enumerate(content.outputs):
        assert same(got.get(number, []), np.ravel(want[output.name])), (output.name, got[number], want[output.name])


def written(content, point):
    """A point as the fragment of an address."""
    parts = []
    for field in fields(content):
        value = point.get(field.parameter.name, field.parameter.value)
        for place in field.place:
            value = value[place]
        text = field.labels[int(value)] if field.labels is not None else repr(float(value))
        parts.append(f"{quote(field.name)}={quote(text)}")
    return "#" + "&".join(parts)


def field_of(page, name, kind="field"):
    """The id of a given's field or slider."""
    names = page.value("JSON.parse(document.getElementById('data').textContent).fields.map(f => f.name)")
    return f"{kind}-{names.index(name)}"


def typed(page, name, text):
    """A value typed over what stands in a field."""
    page.value(f"document.getElementById('{field_of(page, name)}').select()")
    page.type(text)


def said(page, name):
    return page.value(f"document.getElementById('{field_of(page, name, 'error')}').textContent")


@needs_chromium
@pytest.mark.parametrize("name", [*SHIPPED, "digital_speculation", "everything", "hostile"])
def test_a_page_shows_what_numpy_gives(name, opened):
    content, text = contents()[name], page_of(name)
    for point in points(content, seed=5, number=1):
        page = opened(text, written(content, point))
        assert page.value("document.getElementById('said').textContent") == ""
        assert_shown(page, content, point)
    assert page.value("document.querySelectorAll('#chart path').length") == 1


@needs_chromium
def test_moving_a_slider_moves_every_output_to_what_numpy_gives(opened):
    content = Content(Plant, values=ADC)
    page = opened(write(content, Options(sliders=("speed=1GHz:2GHz", "units=1:10"))))
    page.value(f"document.getElementById('{field_of(page, 'units', 'slider')}').focus()")
    page.press("ArrowRight", 3)
    assert_shown(page, content, {"units": 7})
    page.press("End")
    assert_shown(page, content, {"units": 10})
    page.value(f"document.getElementById('{field_of(page, 'speed', 'slider')}').focus()")
    page.press("Home")
    page.press("ArrowRight", 7)
    speed = float(page.value(f"document.getElementById('{field_of(page, 'speed')}').value"))
    assert 1 < speed < 1.1
    assert_shown(page, content, {"units": 10, "speed": speed})


@needs_chromium
def test_a_number_is_taken_in_any_unit_of_its_kind(opened):
    content = Content(Plant, values=ADC)
    page = opened(write(content, Options()))
    typed(page, "speed", "750 MHz")
    assert_shown(page, content, {"speed": 0.75})
    typed(page, "loss", "3.25")
    assert_shown(page, content, {"speed": 0.75, "loss": 3.25})
    page.press("Tab")
    assert page.value(f"document.getElementById('{field_of(page, 'loss')}').value") == "3.25"


@needs_chromium
def test_a_temperature_may_be_typed_in_degrees_celsius(opened):
    content = contents()["nexgen_baseline"]
    page = opened(page_of("nexgen_baseline"))
    page.value("document.getElementById('others').open = true")
    typed(page, "ambient", "30 °C")
    assert_shown(page, content, {"ambient": 303.15})


@needs_chromium
@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("speed", "2 W", "“W” does not measure this: write GHz"),
        ("speed", "5 GHz", "5 GHz is above the most, 3 GHz."),
        ("speed", "100 MHz", "0.1 GHz is below the least, 0.5 GHz."),
        ("speed", "quick", "“quick” is no number with a unit such as GHz."),
        ("speed", "", "A number is due, in GHz."),
        ("units", "4.5", "4.5 is no whole number."),
        ("units", "4 m", "“m” "),
        ("tile", "5", "5 is none of 4, 8, 16."),
        ("pitch", "1.7", "1.7 mm is not in steps of 0.5 mm from 1 mm."),
    ],
)
def test_what_a_given_may_not_be_is_refused_beside_its_field(name, text, why, opened):
    content = Content(Plant, values=ADC)
    page = opened(write(content, Options()))
    typed(page, name, "1e0" if name != "tile" else "4")
    before = shown(page)
    page.value(f"document.getElementById('{field_of(page, name)}').select()")
    page.value("document.execCommand('delete')") if not text else page.type(text)
    assert said(page, name).startswith(why)
    assert "The results still use" in said(page, name)
    assert page.value(f"document.getElementById('{field_of(page, name)}').getAttribute('aria-invalid')") == "true"
    assert shown(page) == before
    typed(page, name, "4" if name == "tile" else "1")
    assert said(page, name) == ""


@needs_chromium
def test_a_label_is_chosen_from_a_list(opened):
    content = Content(Plant, values=ADC)
    page = opened(write(content, Options()))
    page.value(f"document.getElementById('{field_of(page, 'mode')}').focus()")
    page.press("Home")
    assert_shown(page, content, {"mode": "slow"})
    page.wait("location.hash === '#mode=slow'")


@needs_chromium
def test_the_address_holds_what_is_set(opened):
    content = Content(Plant, values=ADC)
    text = write(content, Options())
    page = opened(text)
    assert page.value("location.hash") == ""
    typed(page, "speed", "2.25 GHz")
    typed(page, "units", "9")
    page.wait("location.hash.includes('units')")
    kept = page.value("location.hash")
    assert set(kept[1:].split("&")) == {"speed=2.25", "units=9"}
    assert shown(opened(text, kept)) == shown(page)
    page.value("document.getElementById('reset').click()")
    assert page.value("location.hash") in ("", "#")
    assert_shown(page, content, {})
    page.value("location.hash = '#units=3'")
    page.wait(f"document.getElementById('{field_of(page, 'units')}').value === '3'")
    assert_shown(page, content, {"units": 3})


@needs_chromium
def test_what_an_address_may_not_say_is_told_and_left_out(opened):
    content = Content(Plant, values=ADC)
    page = opened(write(content, Options()), "#speed=9&mode=idle&spin=1&units=8&chart=no:thing")
    told = page.value("document.getElementById('said').textContent")
    for piece in (
        "speed: 9 GHz is above",
        "mode: “idle” is none of slow, fast",
        "spin: no given",
        "chart: there is no",
    ):
        assert piece in told
    assert_shown(page, content, {"units": 8})


@needs_chromium
def test_the_link_is_copied(opened, browser):
    page = opened(plant())
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.call("Page.bringToFront")
    typed(page, "units", "12")
    page.value("document.getElementById('copy').click()")
    page.wait("document.getElementById('said').textContent !== ''")
    copied = page.value(
        "document.getElementById('linked').hidden ? navigator.clipboard.readText()"
        " : document.getElementById('link').value"
    )
    assert copied.endswith("#units=12")


@needs_chromium
def test_limits_are_told_in_words_and_signs(opened):
    content = Content("nexgen_baseline")
    page = opened(write(content, Options(target="soc_500w")))
    verdict = "document.querySelector('[data-limit]').textContent"
    assert page.value(verdict) == "✓ met: 267.2 W, 232.8 W (46.56 %) to spare"
    typed(page, "chiplet.sms", "64")
    power = float(reference(content, {"chiplet.sms": 64})["power"])
    assert power > 500
    over = f"{power - 500:.1f} W ({(power - 500) / 5:.2f} %) too much"
    assert page.value(verdict) == f"✗ broken: {power:.1f} W, {over}"
    page.wait("document.getElementById('live').textContent.endsWith('1 limit broken')")


@needs_chromium
def test_the_chart_follows_its_axes_and_the_design(opened):
    page = opened(plant(sliders=("speed=1GHz:2GHz", "units=1:10")))
    text = "document.getElementById('chart-said').textContent"
    dot = "document.querySelector('#chart .now').getAttribute('cx')"
    before = float(page.value(dot))
    typed(page, "speed", "1.9")
    assert float(page.value(dot)) > before
    for name, choice in (("output", "area"), ("along", "units")):
        select = f"document.getElementById('chart-{name}')"
        page.value(f"{select}.value = [...{select}.options].find(o => o.text === '{choice}').value")
        page.value(f"{select}.dispatchEvent(new Event('change'))")
    assert page.value(text) == ("area along units: 4 mm² at 1, 40 mm² at 10; the ring is where it stands, 16 mm² at 4.")
    page.wait("location.hash.includes('chart=area%3Aunits')")
    page.value("document.getElementById('chart-table').open = true")
    page.wait("document.querySelectorAll('#chart-rows tr').length === 10")


@needs_chromium
def test_a_roofline_shows_every_workload_where_it_lands(opened):
    name = "attained along intensity, every member"
    page = opened(page_of("nexgen_baseline"), f"#chart={quote(name)}")
    assert page.value("document.getElementById('said').textContent") == ""
    assert page.value("document.querySelectorAll('#chart path').length") == 1  # one roof for all
    names = page.value("[...document.querySelectorAll('#chart .member')].map(t => t.textContent)")
    assert names == ["GEMM (Optimized)", "GEMM (Naive)", "Attention (FlashAttention)", "Attention (Naive)",
                     "Elementwise", "Reduction"]  # fmt: skip
    told = page.value("document.getElementById('chart-said').textContent")
    assert "GEMM (Optimized): 65.54 TFLOPS at 100 FLOP/byte; GEMM (Naive): 10.24 TFLOPS at 10 FLOP/byte" in told
    page.value("document.getElementById('others').open = true")
    typed(page, "intensity.Reduction", "80")
    assert "Reduction: 65.54 TFLOPS at 80 FLOP/byte" in page.value("document.getElementById('chart-said').textContent")


@needs_chromium
def test_values_that_nobody_told_are_waited_for(opened):
    page = opened(write(Content(Empty), Options()))
    trouble = "document.getElementById('trouble').textContent"
    assert page.value(trouble) == "Not computed: no value is told for width."
    typed(page, "width", "30 cm")
    assert page.value(trouble) == ""
    assert shown(page) == {0: [pytest.approx(0.6)]}


@needs_chromium
def test_an_unknown_key_and_an_empty_set_are_told_as_they_are(opened):
    page = opened(plant(), "#bits=5")
    assert page.value("document.querySelector('tr:last-child data').textContent") == "undefined"
    content = Content(Everything, values=FULL)
    page = opened(write(content, Options()), "#burst=0")
    assert_shown(page, content, {"burst": 0})
    assert "-infinite" in page.value("document.querySelector('.outputs').textContent")


@needs_chromium
def test_it_is_dark_where_the_reader_likes_it_dark_and_can_be_turned(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = opened(plant()), opened(plant(), scheme="dark")
    assert light.value(ground) == "rgb(255, 255, 255)"
    assert dark.value(ground) == "rgb(20, 23, 27)"
    for page, after in ((light, "rgb(20, 23, 27)"), (dark, "rgb(255, 255, 255)")):
        page.value("document.getElementById('theme').click()")
        assert page.value(ground) == after
        assert page.value("document.getElementById('theme').ariaPressed") == str(after != "rgb(255, 255, 255)").lower()


@needs_chromium
def test_it_can_be_used_by_keys_alone(opened):
    content = Content(Plant, values=ADC)
    page = opened(write(content, Options(sliders=("units=1:10",))))
    page.press("Tab")
    assert page.value("document.activeElement.className") == "skip"
    assert page.value("document.activeElement.getBoundingClientRect().left >= 0")
    page.press("Enter")
    assert page.value("document.activeElement.id") == "outputs-title"
    page.value("document.querySelector('.skip').focus()")
    reached = []
    for _ in range(80):
        page.press("Tab")
        if page.value("document.activeElement === document.body"):
            break
        reached.append(page.value("document.activeElement.id || document.activeElement.tagName"))
        assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid", reached[-1]
    seen = page.value(
        "[...document.querySelectorAll('input, select, button')].filter(e => e.checkVisibility()).map(e => e.id)"
    )
    assert set(seen) <= set(reached)
    units = field_of(page, "units", "slider")
    page.value("document.querySelector('.skip').focus()")
    for _ in range(12):
        page.press("Tab")
        if page.value("document.activeElement.id") == units:
            break
    page.press("ArrowRight", 2)
    assert_shown(page, content, {"units": 6})
    assert page.value("document.activeElement.getAttribute('aria-valuetext')") == "6"


@needs_chromium
@pytest.mark.parametrize("name", ["nexgen_baseline", "analog_soc", "gemm_tiler", "everything"])
def test_nothing_sticks_out_at_360_pixels(name, opened):
    page = opened(page_of(name), width=360, height=740)
    page.value("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.value("document.documentElement.scrollWidth") == 360
    # what is wider than its box can be scrolled there by keys
    page.wait(
        "[...document.querySelectorAll('.formula, .wide')]"
        ".every(b => b.scrollWidth <= b.clientWidth + 1 || b.tabIndex === 0)"
    )


@needs_chromium
def test_four_digits_are_seen_and_every_digit_is_there(opened):
    page = opened(page_of("nexgen_baseline"))
    cell = "[...document.querySelectorAll('data')].find(c => c.title.startsWith('0.2452'))"
    assert page.value(f"{cell}.textContent") == "0.2453"
    full = page.value(f"{cell}.title")
    assert len(full) > 15
    page.value("document.getElementById('digits').click()")
    assert page.value(f"{cell}.textContent") == full


@needs_chromium
def test_paper_shows_no_buttons(opened):
    page = opened(plant())
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.value("getComputedStyle(document.querySelector('.tools')).display") == "none"
    assert page.value("getComputedStyle(document.querySelector('.outputs')).display") == "table"
