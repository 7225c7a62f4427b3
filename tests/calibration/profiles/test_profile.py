import re
from dataclasses import replace

import numpy as np
import pytest

from symppa.calibration.fitting.calibrate import calibrate
from symppa.calibration.fitting.interval import Bucket, Intervals
from symppa.calibration.measurement import digest
from symppa.calibration.profiles import profile as profiles
from symppa.calibration.profiles.profile import (
    Profile,
    as_yaml,
    joined,
    load,
    made,
    of_device,
    save,
    shipped_profiles,
    summary,
)
from symppa.descriptions import shipped
from symppa.errors import DescriptionError
from tests.calibration.made import products

SHIPPED = sorted(set(shipped_profiles().values()))


@pytest.fixture(scope="module")
def rows():
    return products(60, noise=0.1)


@pytest.fixture(scope="module")
def profile(rows):
    return Profile("a100_sxm_80gb", "2026-01-02", calibrate("a100_sxm_80gb", rows))


def test_a_profile_comes_back_from_its_file(profile, rows, tmp_path):
    save(profile, tmp_path / "a" / "b.yaml")
    back = load(tmp_path / "a" / "b.yaml")
    assert (back.device, back.date, back.version) == (profile.device, profile.date, profile.version)
    one, other = profile.fits[0], back.fits[0]
    assert other.seconds(rows) == pytest.approx(one.seconds(rows), rel=1e-4)
    assert other.half(rows) == pytest.approx(one.half(rows), rel=1e-5)
    assert (other.rows, other.digest, other.campaigns) == (60, one.digest, one.campaigns)
    assert other.errors.mape == pytest.approx(one.errors.mape, abs=0.006)


def test_a_profile_states_units_and_no_measured_time(profile, rows):
    text = as_yaml(profile)
    assert f'start: "{profile.fits[0].law.coefficients["start"]:.6g} us"' in text
    assert "power_mode" in text
    for row in rows:
        assert f"{row.latency:.6g}" not in text.split("ratio:")[0].split("buckets:")[0]


def test_another_format_or_power_mode_never_stands_in(profile):
    assert profile.find("gemm", "fp16") is profile.fits[0]
    with pytest.raises(DescriptionError, match="no fit of gemm bf16"):
        profile.find("gemm", "bf16")
    with pytest.raises(DescriptionError, match="no fit of gemm fp16 30W"):
        profile.find("gemm", "fp16", "30W")


def test_energy_is_fitted_where_it_was_measured(rows):
    assert made("a100_sxm_80gb", rows, "2026-01-02").energies == {}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("calibration: a100_sxm_80gb", "model: x", "no calibration profile of schema 1"),
        ("schema: 1", "schema: 7", "p.yaml:1: the profile has schema 7, schema 1 is read here: calibrate anew"),
        ("law: gemm", "law: magic", "KeyError 'magic'"),
        ("coefficients:", "numbers:", "KeyError 'coefficients'"),
    ],
)
def test_a_damaged_profile_is_refused(profile, tmp_path, before, after, message):
    place = tmp_path / "p.yaml"
    place.write_text(as_yaml(profile).replace(before, after), "utf-8")
    with pytest.raises(DescriptionError, match=message):
        load(place)


EDITS = {
    "half": (r"half: [\d.]+", "half: -0.1", "half -0.1 is no half width"),
    "level": ("level: 0.9", "level: 1.5", "level 1.5 is no share between 0 and 1"),
    "below": (r"(rows: \d+)\n(\s+)sizes", r"\1\n          below: '1 s'\n\2sizes", "the last alone has none"),
    "low": (r"low: \[[\d.e+-]+", "low: [1e9", "direction 1 goes from 1e.09 to .*: low is above high"),
    "directions": (r"(low|high): \[[\d.e+-]+, ", r"\1: [", "has 5 directions, the law gemm has 6: calibrate anew"),
    "coefficient": (r"efficiency: [\d.]+", "efficiency: 1.7", "efficiency = 1.7 is outside of 0.02 to 1"),
    "start": (r'start: "[\d.]+ us"', 'start: "-3 us"', "start = -3 is outside of 0.02 to 5000 us"),
    "unit": (r'start: "[\d.]+ us"', 'start: "3 GB"', "start"),
    "peak": (r'peak: "3.12e\+14', 'peak: "4e+14', "made for a100_sxm_80gb with peak 4e.14 op/s, .* states 3.12e.14"),
    "facts": (r"    facts:\n(      .*\n){5}", "", "does not keep peak, .*: calibrate anew"),
    "count": ("calibration: a100", "rows_refused: many\ncalibration: a100", "rows_refused = 'many' is no number"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_a_number_that_was_edited_out_of_its_range_is_refused_with_its_line(profile, tmp_path, name):
    found, other, message = EDITS[name]
    place = tmp_path / "p.yaml"
    text = as_yaml(profile)
    edited = re.sub(found, other, text)
    assert edited != text
    place.write_text(edited, "utf-8")
    with pytest.raises(DescriptionError, match=rf"p\.yaml:\d+: .*{message}"):
        load(place)


def test_buckets_out_of_order_are_refused(profile, tmp_path):
    (fit,) = profile.fits
    some = tuple(Bucket(below, 0.1, 40) for below in (2e-3, 1e-3, np.inf))
    save(replace(profile, fits=(replace(fit, intervals=Intervals(some)),)), tmp_path / "p.yaml")
    with pytest.raises(DescriptionError, match=r"p\.yaml:\d+: buckets stand in the order of `below`"):
        load(tmp_path / "p.yaml")


def test_a_profile_keeps_how_many_rows_were_refused_and_flagged(profile, tmp_path):
    save(replace(profile, refused=3, flagged=0), tmp_path / "p.yaml")
    back = load(tmp_path / "p.yaml")
    assert (back.refused, back.flagged) == (3, 0)


def test_an_unknown_profile_is_named():
    with pytest.raises(DescriptionError, match="there is no profile 'zx81'"):
        load("zx81")


def test_profiles_are_shipped_for_the_agreed_devices():
    wanted = {
        "a100_sxm_80gb", "h100_sxm_80gb", "h200_sxm", "l40s", "mi210", "jetson_orin_agx_64gb",
        "jetson_orin_nano_8gb", "i7_12700k",
    }  # fmt: skip
    assert wanted <= {name.partition("/")[0] for name in shipped_profiles()}


def test_the_machine_that_measured_itself_is_shipped_with_its_rows():
    folder = shipped.folder("models") / "measurements" / "amd_epyc"
    assert {path.stem for path in folder.glob("*.csv")} == {"quick", "cnn", "micro", "llm"}
    told = load("amd_epyc")
    digests = {campaign.digest for fit in told.fits for campaign in fit.campaigns}
    assert digests == {digest(path) for path in folder.glob("*.csv")}


def test_a_device_s_name_stands_for_all_its_profiles():
    several = of_device("a100_sxm_80gb")
    assert len(several) >= 3
    told = load("a100_sxm_80gb")
    assert len(told.fits) == sum(len(one.fits) for one in several)
    assert told.find("attention_decode", "bf16").law.law.name == "attention"  # of serving.yaml
    assert told.find("softmax", "fp16").rows == 22  # of operators.yaml
    assert told.find("gemm", "fp16").rows == 1200  # of layers.yaml, not the 20 of operators.yaml


def test_more_rows_are_preferred_then_the_newer_profile(profile):
    few = replace(profile.fits[0], rows=5)
    old, new = Profile("x", "2026-01-01", (few,)), Profile("x", "2026-02-01", (replace(few, digest="new"),))
    large = Profile("x", "2025-01-01", (replace(few, rows=9, digest="large"),))
    assert joined([old, new]).find("gemm", "fp16").digest == "new"
    assert joined([new, old, large]).find("gemm", "fp16").digest == "large"
    with pytest.raises(DescriptionError, match="profiles of x, y are not those of one device"):
        joined([old, replace(new, device="y")])


def test_sizes_that_were_measured_are_known_after_loading(profile, rows, tmp_path):
    save(profile, tmp_path / "p.yaml")
    back = load(tmp_path / "p.yaml").fits[0]
    assert back.sizes == profile.fits[0].sizes
    assert all(back.measured(row.shape) for row in rows)
    assert not back.measured({"m": 7, "n": 7, "k": 7})


def test_the_layers_of_a_device_are_fitted_to_its_own_rows():
    """Files hold rows of several devices: what one is fitted to is never another's."""
    for name, path in shipped_profiles().items():
        for one in load(path).fits:
            assert all(campaign.device == name.partition("/")[0] for campaign in one.campaigns)
    for device in ("a100_sxm_80gb", "h100_sxm_80gb", "a40"):
        assert load(f"{device}/layers").find("gemm", "fp16").errors.mape < 9


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_profile_loads_and_says_where_it_comes_from(path):
    told = load(path)
    assert told.device == path.parent.name
    assert told.fits
    for one in told.fits:
        assert one.rows >= 3
        assert one.sizes or one.op == "network"
        assert one.campaigns
        assert all(campaign.digest for campaign in one.campaigns)
        assert np.isfinite(one.errors.mape)
        assert one.law.facts.name == told.device
    assert len(summary(told)) == len(told.fits)
    assert profiles.as_yaml(told)
