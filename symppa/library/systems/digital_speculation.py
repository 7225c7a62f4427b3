"""Speculative decoding on a digital machine, its verification priced at the batch it really is."""

from symppa.language import Model, formula, given, integers, largest, one, part, reals
from symppa.library.components.transformer import Transformer
from symppa.library.laws.speculation import Acceptance, IndependentAcceptance, SpeculationGain

MAC = one("mac")


class Machine(Model):
    """Arithmetic and a memory, either of which may be the slower one."""

    peak = given("TFLOPS", "peak rate of the arithmetic", domain=reals("1e-6 TFLOPS"), symbol=r"\Pi")
    bandwidth = given("GB/s", "memory bandwidth", domain=reals("1e-6 GB/s"), symbol=r"\beta")
    overhead = given("us", "time of a step whatever its work", domain=reals(0), default="0 us")
    work_energy = given("pJ/FLOP", "energy of the arithmetic", domain=reals(0), default="0 pJ/FLOP")
    access_energy = given("pJ/byte", "energy of a byte of memory", domain=reals(0), default="0 pJ/byte")


class BatchedStep(Model):
    """Tokens decoded together: weights come once for all of them, work comes for each."""

    net = part(Transformer)
    machine = part(Machine)
    tokens = given("1", "tokens decoded together", domain=integers(1), symbol="B")
    prompt = given("1", "tokens attended to", domain=integers(0), symbol="L")
    weight_size = given("byte", "storage of a weight", domain=reals(0), default="2 byte")

    used_weights = formula("1", net.depth * net.layer_weights + net.head_weights, "weights a token meets", derived=True)
    work = formula(
        "GFLOP",
        tokens * (used_weights + 2 * net.depth * net.attention_width * prompt) * MAC,
        "work of the step",
        source="williams2009",
    )
    traffic = formula(
        "MB",
        weight_size * (used_weights + net.depth * net.cache_values * prompt),
        "weights, keys and values of the step",
        derived=True,
    )
    latency = formula(
        "us",
        machine.overhead + largest(work / machine.peak, traffic / machine.bandwidth),
        "time of the step",
        source="williams2009",
    )
    energy = formula(
        "uJ", work * machine.work_energy + traffic * machine.access_energy, "energy of the step", source="horowitz2014"
    )
    free_tokens = formula(
        "1",
        tokens * (traffic / machine.bandwidth) / (work / machine.peak),
        "tokens that decode in the time of one, the memory being the slower",
        derived=True,
    )


class DigitalSpeculation(Model):
    """A small network drafts, a large one verifies a whole burst in one step."""

    target = part(Transformer)
    draft = part(Transformer)
    machine = Machine()
    prompt = given("1", "tokens before the burst", domain=integers(0), symbol="L")
    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")
    weight_size = given("byte", "storage of a weight", domain=reals(0), default="2 byte")

    acceptance = part(Acceptance, default=IndependentAcceptance, burst=burst)
    plain = BatchedStep(net=target, machine=machine, tokens=1, prompt=prompt, weight_size=weight_size)
    verify = plain.with_(tokens=burst + 1)
    drafting = plain.with_(net=draft)
    times = SpeculationGain(
        burst=burst,
        committed=acceptance.committed,
        draft_cost=drafting.latency / plain.latency,
        verify_cost=verify.latency / plain.latency,
    )
    energies = SpeculationGain(
        burst=burst,
        committed=acceptance.committed,
        draft_cost=drafting.energy / plain.energy,
        verify_cost=verify.energy / plain.energy,
    )

    speed_up = formula("1", times.gain, "tokens in a second, against plain decoding", derived=True)
    energy_gain = formula("1", energies.gain, "tokens for a joule, against plain decoding", derived=True)
    latency = formula("us/token", plain.latency / speed_up / one("token"), "time of a token", derived=True)
    energy = formula("uJ/token", plain.energy / energy_gain / one("token"), "energy of a token", derived=True)
