"""Stages of a phase on an analog chip: what a step costs, and what every token attended to adds."""

from typing import Any, ClassVar

import sympy as sp

from symppa.language import Model, formula, given, integers, part, parts, reals
from symppa.library.components.control import Device, Feature
from symppa.library.components.readout import COMPONENTS, BlockReads, ReadModes, Use, over_modes


class Plan(Model):
    """In how many layers a block is read in which mode, in one step."""

    layers = given("1", "layers", domain=integers(0), symbol="N")
    full_layers = given("1", "layers that draft the block in full", domain=integers(0), symbol=r"N_\mathrm{f}")
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1))

    draft = formula("1", 0, "layers read for the draft with few bits", derived=True)
    draft_full = formula("1", 0, "layers read for the draft in full", derived=True)
    residual = formula("1", 0, "layers read for what the draft left out", derived=True)
    full = formula("1", 0, "layers read in full for the verifier", derived=True)
    kept = formula("1", 0, "layers not read again", derived=True)


class DraftPlan(Plan):
    """Few bits, but all of them where the policy asks for it."""

    draft = formula("1", Plan.layers - Plan.full_layers, source="selfspec")
    draft_full = formula("1", Plan.full_layers, source="selfspec")


class VerifyPlan(Plan):
    """Only what the draft left out, unless the verifier reads everything again."""

    residual = formula("1", Plan.reuse * (Plan.layers - Plan.full_layers), source="selfspec")
    kept = formula("1", Plan.reuse * Plan.full_layers, source="selfspec")
    full = formula("1", (1 - Plan.reuse) * Plan.layers, source="selfspec")


class BonusPlan(Plan):
    """Everything, since no draft has seen the token."""

    full = formula("1", Plan.layers, source="selfspec")


class Stage(Model):
    """Work that comes with every step, and with every token attended to."""

    steps = given("1", "steps of the phase", domain=reals(0), symbol="s")
    contexts = given("1", "tokens attended to, all steps together", domain=reals(0), symbol="c")

    step_energy = formula("pJ", 0, "energy of a step", derived=True)
    context_energy = formula("pJ", 0, "energy for a token attended to", derived=True)
    step_latency = formula("ns", 0, "time of a step", derived=True)
    context_latency = formula("ns", 0, "time for a token attended to", derived=True)
    energy = formula("pJ", steps * step_energy + contexts * context_energy, "energy of the stage", derived=True)
    latency = formula("ns", steps * step_latency + contexts * context_latency, "time of the stage", derived=True)


class StageComponent(Model):
    """A component of the read-out, over all reads of a stage."""

    draft_reads = given("1", "draft reads", domain=reals(0))
    draft_full_reads = given("1", "full draft reads", domain=reals(0))
    residual_reads = given("1", "reads of what the draft left out", domain=reals(0))
    full_reads = given("1", "full reads", domain=reals(0))
    draft = part(Use)
    draft_full = part(Use)
    residual = part(Use)
    full = part(Use)

    energy = formula(
        "pJ",
        draft_reads * draft.energy
        + draft_full_reads * draft_full.energy
        + residual_reads * residual.energy
        + full_reads * full.energy,
        "energy of the component",
        derived=True,
    )
    latency = formula(
        "ns",
        draft_reads * draft.latency
        + draft_full_reads * draft_full.latency
        + residual_reads * residual.latency
        + full_reads * full.latency,
        "time of the component",
        derived=True,
    )


def by_component(modes: Any, **reads: Any) -> Any:
    """Every component of the read-out, over reads by mode."""
    wires = {f"{mode}_reads": count for mode, count in reads.items()}
    return parts(
        **{
            name: StageComponent(**wires, **{mode: getattr(getattr(modes, mode).components, name) for mode in reads})
            for name in COMPONENTS
        }
    )


class ReadStage(Stage):
    """A block of all layers, read as the plan says."""

    plan = part(Plan)
    reads = part(BlockReads)
    modes = part(ReadModes)

    draft_reads = formula("1", plan.draft * reads.draft.reads, "draft reads in a step", derived=True)
    draft_full_reads = formula(
        "1", plan.draft_full * reads.draft_full.reads, "full draft reads in a step", derived=True
    )
    residual_reads = formula(
        "1", plan.residual * reads.residual.reads, "reads in a step of what the draft left out", derived=True
    )
    full_reads = formula("1", plan.full * reads.full.reads, "full reads in a step", derived=True)
    components = by_component(
        modes,
        draft=Stage.steps * draft_reads,
        draft_full=Stage.steps * draft_full_reads,
        residual=Stage.steps * residual_reads,
        full=Stage.steps * full_reads,
    )
    _reads: ClassVar = {
        "draft": draft_reads,
        "draft_full": draft_full_reads,
        "residual": residual_reads,
        "full": full_reads,
    }

    step_energy = formula("pJ", over_modes(_reads, modes, "energy"), derived=True)
    step_latency = formula("ns", over_modes(plan, reads, "latency"), derived=True)
    buffer_energy = formula(
        "pJ", over_modes(plan, reads, "buffer_energy"), "energy of buffers and additions in a step", derived=True
    )
    buffer_latency = formula(
        "ns", over_modes(plan, reads, "buffer_latency"), "time of buffers and additions in a step", derived=True
    )
    array_activations = formula(
        "1", Stage.steps * over_modes(_reads, modes, "activations"), "crossbars activated", derived=True
    )
    dac_conversions = formula("1", Stage.steps * over_modes(_reads, modes, "lines"), "input lines driven", derived=True)
    adc_draft_conversions = formula(
        "1",
        Stage.steps * over_modes(_reads, modes, "draft_samples"),
        "conversions of the draft converters",
        derived=True,
    )
    adc_residual_conversions = formula(
        "1",
        Stage.steps * over_modes(_reads, modes, "residual_samples"),
        "conversions of the residual converters",
        derived=True,
    )


class LumpedStage(Stage):
    """A stage whose costs stand elsewhere."""

    energy_of_step = given("pJ", "energy of a step", domain=reals(0), default="0 pJ")
    energy_of_context = given("pJ", "energy for a token attended to", domain=reals(0), default="0 pJ")
    latency_of_step = given("ns", "time of a step", domain=reals(0), default="0 ns")
    latency_of_context = given("ns", "time for a token attended to", domain=reals(0), default="0 ns")

    step_energy = formula("pJ", energy_of_step, derived=True)
    context_energy = formula("pJ", energy_of_context, derived=True)
    step_latency = formula("ns", latency_of_step, derived=True)
    context_latency = formula("ns", latency_of_context, derived=True)


def stage_of(*features: Any, steps: Any, contexts: Any) -> LumpedStage:
    """The stage in which some features are at work."""
    return LumpedStage(
        steps=steps,
        contexts=contexts,
        energy_of_step=sp.Add(*[f.step_energy for f in features]),
        energy_of_context=sp.Add(*[f.context_energy for f in features]),
        latency_of_step=sp.Add(*[f.step_latency for f in features]),
        latency_of_context=sp.Add(*[f.context_latency for f in features]),
    )


class ControlStage(Stage):
    """Control of every layer in every step, and of every layer once in a burst."""

    layers = given("1", "layers", domain=integers(0))
    bursts = given("1", "bursts opened", domain=reals(0), default=0)
    token = part(Device)
    burst = part(Device)
    setup = part(Device)

    step_energy = formula("pJ", layers * token.energy, source="selfspec")
    step_latency = formula("ns", layers * token.latency, source="selfspec")
    burst_energy = formula("pJ", layers * (burst.energy + setup.energy), "energy of opening a burst", source="selfspec")
    burst_latency = formula(
        "ns", layers * (burst.latency + setup.latency), "time of opening a burst", source="selfspec"
    )
    energy = formula("pJ", Stage.steps * step_energy + bursts * burst_energy, derived=True)
    latency = formula("ns", Stage.steps * step_latency + bursts * burst_latency, derived=True)


class CacheStage(Stage):
    """Keys and values: worked on beside the crossbars, or moved through memories."""

    update = part(Feature)
    moved_energy = given("pJ", "energy of the traffic", domain=reals(0), default="0 pJ")
    moved_latency = given("ns", "time of the traffic", domain=reals(0), default="0 ns")

    step_energy = formula("pJ", update.step_energy, derived=True)
    step_latency = formula("ns", update.step_latency, derived=True)
    energy = formula("pJ", Stage.steps * step_energy + moved_energy, derived=True)
    latency = formula("ns", Stage.steps * step_latency + moved_latency, derived=True)
