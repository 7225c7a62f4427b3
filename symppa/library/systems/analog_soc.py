"""Speculative decoding on an analog chip, beside the same chip without it, in closed form.

Energy and time of a burst are affine in the prompt, so the prompt up to which speculation pays is a quotient.
"""

from symppa.language import Model, formula, given, integers, largest, one, part, reals, smallest, where
from symppa.library.components.transformer import Transformer
from symppa.library.laws.speculation import Acceptance, IndependentAcceptance
from symppa.library.systems.analog_chip import AnalogChip

TOKEN = one("token")


class Verification(Model):
    """How the K + 1 tokens of a burst pass the layers; the last one no draft has seen."""

    depth = given("1", "layers", domain=integers(0), symbol="N")
    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")

    passes = formula("1", ..., "whole steps that follow one another", symbol=r"\pi")
    checks = formula("1", ..., "steps that only verify a drafted token, one after another")
    periods = formula("1", ..., "times of the slowest layer that follow them", symbol=r"\pi_\ell")
    streams = formula("1", ..., "times that some layer goes through the prompt, one after another")
    queries = formula("1", ..., "tokens that a layer serves while it goes through the prompt")
    sharing = formula("1", ..., "layers that share the memory", symbol=r"\sigma")
    drafted = formula("1", ..., "tokens of the burst that layers attend to, one after another")


class Wavefront(Verification):
    """Layers work on different tokens at the same time, all as if they streamed from the memory at once.

    Plain decoding has one token, and nothing to overlap.
    """

    passes = formula("1", 1, derived=True)
    checks = formula("1", 0, derived=True)
    periods = formula("1", Verification.burst, derived=True)
    streams = formula("1", Verification.depth + Verification.burst, derived=True)
    queries = formula("1", 1, derived=True)
    sharing = formula("1", smallest(Verification.depth, Verification.burst + 1), derived=True)
    drafted = formula("1", Verification.burst * (Verification.burst + 1) / 2, derived=True)


class TokenByToken(Verification):
    """A token passes all layers before the next one enters."""

    passes = formula("1", 1, derived=True)
    checks = formula("1", Verification.burst, derived=True)
    periods = formula("1", 0, derived=True)
    streams = formula("1", Verification.depth * (Verification.burst + 1), derived=True)
    queries = formula("1", 1, derived=True)
    sharing = formula("1", 1, derived=True)
    drafted = formula("1", Verification.depth * Verification.burst * (Verification.burst + 1) / 2, derived=True)


class LayerByLayer(TokenByToken):
    """All tokens pass a layer before the next layer begins, so keys and values come once for all of them."""

    streams = formula("1", Verification.depth, derived=True)
    queries = formula("1", Verification.burst + 1, derived=True)


class Decoding(Model):
    """Bursts on a chip: K tokens drafted one after another, then verified with one more that no draft has seen."""

    chip = part(AnalogChip)
    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")
    committed = given("1", "tokens a burst commits", domain=reals(0), symbol="c")
    verification = part(Verification, default=Wavefront, depth=chip.net.depth, burst=burst)

    draft_attention = formula(
        "ns",
        chip.net.depth * largest(chip.attention_latency, chip.far_latency),
        "time a draft step takes for a token of the prompt",
        derived=True,
    )
    layer_attention = formula(
        "ns",
        largest(verification.queries * chip.attention_latency, verification.sharing * chip.far_latency),
        "time a verifying layer takes for a token of the prompt",
        derived=True,
    )
    drafted_latency = formula(
        "ns",
        chip.net.depth * burst * (burst - 1) / 2 * largest(chip.attention_latency, chip.near_latency)
        + verification.drafted * largest(chip.attention_latency, verification.sharing * chip.near_latency),
        "time of attending to tokens of the burst",
        derived=True,
    )
    fixed_latency = formula(
        "ns",
        burst * (chip.draft_latency + chip.access_latency)
        + verification.passes * (chip.step_latency + chip.access_latency)
        + verification.checks * (chip.verify_latency + chip.access_latency)
        + verification.periods * largest(chip.layer_latency, chip.head_latency)
        + drafted_latency
        + chip.burst_latency,
        "time of a burst without a prompt",
        derived=True,
        symbol=r"T_0",
    )
    prompt_latency = formula(
        "ns",
        burst * draft_attention + verification.streams * layer_attention,
        "time of a burst for a token of the prompt",
        derived=True,
        symbol=r"T_1",
    )
    fixed_energy = formula(
        "pJ",
        burst * (chip.draft_energy + chip.verify_energy)
        + chip.full_energy
        + burst**2 * chip.drafted_energy
        + committed * chip.commit_energy
        + chip.burst_energy
        + chip.static_power * fixed_latency,
        "energy of a burst without a prompt",
        derived=True,
        symbol=r"E_0",
    )
    prompt_energy = formula(
        "pJ",
        (2 * burst + 1) * chip.attention_energy
        + (burst + (burst + 1) / verification.queries) * chip.fetch_energy
        + chip.static_power * prompt_latency,
        "energy of a burst for a token of the prompt",
        derived=True,
        symbol=r"E_1",
    )


class AnalogSoC(Model):
    """An analog chip that drafts with few bits of its weights and verifies with all of them."""

    net = part(Transformer)
    prompt = given("1", "tokens before the burst", domain=integers(0), symbol="L")
    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")

    chip = AnalogChip(net=net)
    acceptance = part(Acceptance, default=IndependentAcceptance, burst=burst)
    committed = formula("1", acceptance.committed, "tokens a burst commits", derived=True, symbol="c")
    speculative = Decoding(chip=chip, burst=burst, committed=committed)
    plain = speculative.with_(burst=0, committed=1)

    energy = formula(
        "pJ/token",
        (speculative.fixed_energy + prompt * speculative.prompt_energy) / (committed * TOKEN),
        "energy of a token",
        derived=True,
        symbol="E",
    )
    latency = formula(
        "ns/token",
        (speculative.fixed_latency + prompt * speculative.prompt_latency) / (committed * TOKEN),
        "time of a token",
        derived=True,
        symbol="T",
    )
    plain_energy = formula(
        "pJ/token",
        (plain.fixed_energy + prompt * plain.prompt_energy) / TOKEN,
        "energy of a token without speculation",
        derived=True,
        symbol=r"E_\mathrm{p}",
    )
    plain_latency = formula(
        "ns/token",
        (plain.fixed_latency + prompt * plain.prompt_latency) / TOKEN,
        "time of a token without speculation",
        derived=True,
        symbol=r"T_\mathrm{p}",
    )
    energy_gain = formula("1", plain_energy / energy, "tokens for a joule, against plain decoding", derived=True)
    speed_up = formula("1", plain_latency / latency, "tokens in a second, against plain decoding", derived=True)

    energy_margin = formula(
        "pJ",
        committed * plain.fixed_energy - speculative.fixed_energy,
        "energy a burst saves without a prompt",
        derived=True,
        symbol=r"M_E",
    )
    energy_surplus = formula(
        "pJ",
        speculative.prompt_energy - committed * plain.prompt_energy,
        "energy a burst takes more for a token of the prompt",
        derived=True,
        symbol=r"D_E",
    )
    energy_break_even = formula(
        "1",
        where(energy_surplus > 0, energy_margin / energy_surplus, 0),
        "prompt below which speculation saves energy; negative: none, 0: the margin decides for every prompt",
        derived=True,
        symbol="L_E",
    )
    latency_margin = formula(
        "ns",
        committed * plain.fixed_latency - speculative.fixed_latency,
        "time a burst saves without a prompt",
        derived=True,
        symbol=r"M_T",
    )
    latency_surplus = formula(
        "ns",
        speculative.prompt_latency - committed * plain.prompt_latency,
        "time a burst takes more for a token of the prompt",
        derived=True,
        symbol=r"D_T",
    )
    latency_break_even = formula(
        "1",
        where(latency_surplus > 0, latency_margin / latency_surplus, 0),
        "prompt below which speculation saves time; negative: none, 0: the margin decides for every prompt",
        derived=True,
        symbol="L_T",
    )
    throughput = formula("token/s", 1 / latency, "tokens in a second", derived=True)
    efficiency = formula("token/J", 1 / energy, "tokens for a joule", derived=True)
    power = formula("W", energy / latency, "average power", derived=True, symbol="P")
    area = formula("mm2", chip.area, "area of the chip", derived=True, symbol="A")
    off_chip_area = formula("mm2", chip.memory.hbm.area, "area of memory stacks beside the chip", derived=True)
    power_density = formula("W/mm2", power / area, "power by area of the chip", derived=True)
    lost_bits = formula("1", chip.crossbar.lost_bits, "bits of a column that no converter resolves", derived=True)
