"""Which steps of a burst run, and how its phases share time."""

from symppa.language import Model, equal, formula, given, index, integers, largest, part, reals, smallest, total, where
from symppa.library.systems.analog_phases import Phase


class StopRule(Model):
    """Which steps of a burst run."""

    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")
    accepted = index("accepted tokens", size=burst + 1, symbol="a")
    probability = given("1", "probability of an acceptance count", domain=reals(0, 1), over=accepted, symbol="p")

    verify_steps = formula("1", ..., "verify steps, expected")
    verify_positions = formula("1", ..., "tokens the burst has added before each verify step, summed, expected")
    bonus_steps = formula("1", ..., "bonus steps, expected")


class RunAll(StopRule):
    """Every drafted token is verified, and the bonus step always runs."""

    verify_steps = formula("1", StopRule.burst, source="selfspec")
    verify_positions = formula("1", StopRule.burst * (StopRule.burst - 1) / 2, derived=True)
    bonus_steps = formula("1", 1, source="selfspec")


class StopAtMismatch(StopRule):
    """Verification ends with the first token that is not accepted; the bonus step needs all of them."""

    run = formula(
        "1", smallest(StopRule.accepted + 1, StopRule.burst), "verify steps at an acceptance count", source="selfspec"
    )
    verify_steps = formula("1", total(StopRule.probability * run, over=StopRule.accepted), source="selfspec")
    verify_positions = formula(
        "1", total(StopRule.probability * run * (run - 1) / 2, over=StopRule.accepted), derived=True
    )
    bonus_steps = formula(
        "1",
        total(where(equal(StopRule.accepted, StopRule.burst), StopRule.probability, 0), over=StopRule.accepted),
        source="selfspec",
    )


class Schedule(Model):
    """How the phases of a burst share time. The layer parts are one layer in one step, kind by kind."""

    kinds = index("kinds of layers")
    step = index("verify steps")
    rule = part(StopRule)
    draft = part(Phase)
    verify = part(Phase)
    bonus = part(Phase)
    first_verify = part(Phase)
    verify_layer = part(Phase)
    bonus_layer = part(Phase)
    full_layer = part(Phase)
    stopped_layer = part(Phase)

    latency = formula("ns", ..., "time of a burst")


class Serialized(Schedule):
    """Phase after phase, layer after layer."""

    latency = formula(
        "ns", Schedule.draft.latency + Schedule.verify.latency + Schedule.bonus.latency, source="selfspec"
    )


class Pipeline(Schedule):
    """Layers verify different tokens at the same time, at the pace of the slowest or of the memory."""

    period = formula(
        "ns",
        largest(
            largest(Schedule.verify_layer.compute_latency, over=Schedule.kinds), Schedule.verify_layer.traffic.latency
        ),
        "time between two verified tokens",
        source="selfspec",
    )


class StoppedPipeline(Pipeline):
    """Layers verify different tokens at the same time until the first mismatch; nothing is charged for filling up."""

    reached = formula(
        "1",
        total(
            where(Schedule.step <= Schedule.rule.accepted, Schedule.rule.probability, 0), over=Schedule.rule.accepted
        ),
        "probability that a verify step runs",
        source="selfspec",
    )
    full_end = formula(
        "ns",
        largest(largest(Schedule.full_layer.compute_latency, over=Schedule.kinds), Schedule.full_layer.traffic.latency),
        "end of a burst that is accepted in full",
        source="selfspec",
    )
    stopped_end = formula(
        "ns",
        largest(Schedule.stopped_layer.compute_latency, Schedule.stopped_layer.traffic.latency),
        "end of a burst that is not",
        source="selfspec",
    )
    end = formula(
        "ns",
        total(
            Schedule.rule.probability
            * where(equal(Schedule.rule.accepted, Schedule.rule.burst), full_end, stopped_end),
            over=Schedule.rule.accepted,
        ),
        "end of a burst, expected",
        source="selfspec",
    )
    latency = formula(
        "ns", Schedule.draft.latency + total(reached * Pipeline.period, over=Schedule.step) + end, source="selfspec"
    )


class FilledPipeline(Pipeline):
    """The first verified token fills the pipeline, the others follow, and the bonus token comes last, accepted or not.

    A burst of no drafted tokens has nothing to overlap with.
    """

    end = formula(
        "ns",
        largest(
            largest(Schedule.bonus_layer.compute_latency, over=Schedule.kinds), Schedule.bonus_layer.traffic.latency
        ),
        "end of a burst",
        source="selfspec",
    )
    filled = formula(
        "ns",
        Schedule.first_verify.latency + total(where(Schedule.step > 0, Pipeline.period, 0), over=Schedule.step) + end,
        "time of the verifier and the bonus token",
        source="selfspec",
    )
    serial = formula(
        "ns", Schedule.verify.latency + Schedule.bonus.latency, "time without any overlap", source="selfspec"
    )
    latency = formula("ns", Schedule.draft.latency + where(Schedule.rule.burst > 0, filled, serial), source="selfspec")
