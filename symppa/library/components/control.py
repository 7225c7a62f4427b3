"""Digital units and control beside the crossbars."""

from symppa.language import Model, formula, given, integers, part, reals


class Device(Model):
    """Something used again and again: the cost of one use, and its area."""

    energy = given("pJ", "energy of one use", domain=reals(0), default="0 pJ")
    latency = given("ns", "time of one use", domain=reals(0), default="0 ns")
    area = given("mm2", "area of one device", domain=reals(0), default="0 mm2")


class DigitalUnits(Model):
    """Units for what no crossbar computes; a use is one multiply-accumulate or one element."""

    attention_qk = Device()
    attention_softmax = Device()
    attention_pv = Device()
    ffn_activation = Device()
    ffn_gate_multiply = Device()
    kv_cache_update = Device()
    engines = given("1", "attention engines of a layer", domain=integers(1), default=1, symbol="U")
    overhead_area = given("mm2", "digital logic of a layer", domain=reals(0), default="0 mm2")
    engine_area = given("mm2", "logic of an attention engine", domain=reals(0), default="0 mm2")
    engine_bits = given("1", "stored bits of an element of an attention engine", domain=integers(1), default=8)


class Control(Model):
    """Control of the layers; a use is one layer in one step or one burst."""

    token = Device()
    burst = Device()
    setup = Device()


class Feature(Model):
    """Work of a digital unit in a phase: some in every step, some for every token attended to."""

    unit = part(Device)
    steps = given("1", "steps of the phase", domain=reals(0))
    contexts = given("1", "tokens attended to, all steps together", domain=reals(0))
    step_work = given("1", "uses in a step", domain=reals(0), default=0)
    context_work = given("1", "uses for a token attended to", domain=reals(0), default=0)
    parallel = given("1", "units at work side by side", domain=integers(1), default=1)

    ops = formula("1", steps * step_work + contexts * context_work, "uses", source="selfspec")
    step_energy = formula("pJ", step_work * unit.energy, "energy of a step", derived=True)
    context_energy = formula("pJ", context_work * unit.energy, "energy for a token attended to", derived=True)
    step_latency = formula("ns", step_work * unit.latency / parallel, "time of a step", source="selfspec")
    context_latency = formula(
        "ns", context_work * unit.latency / parallel, "time for a token attended to", source="selfspec"
    )
    energy = formula("pJ", steps * step_energy + contexts * context_energy, "energy", derived=True)
    latency = formula("ns", steps * step_latency + contexts * context_latency, "time", derived=True)
