"""Phases of a burst on an analog chip: steps of one kind, in closed form.

Every cost is linear in the steps and in the tokens they attend to, so a phase needs no more than these two numbers.
"""

from typing import Any, ClassVar

import sympy as sp

from symppa.language import Model, formula, given, integers, part, parts, reals, total_of
from symppa.library.components.control import Control, DigitalUnits, Feature
from symppa.library.components.kv_cache import Cache, Traffic
from symppa.library.components.memory import Hierarchy
from symppa.library.components.readout import COMPONENTS, AnalogCore
from symppa.library.components.transformer import Network
from symppa.library.systems.analog_stages import (
    BonusPlan,
    CacheStage,
    ControlStage,
    DraftPlan,
    LumpedStage,
    Plan,
    ReadStage,
    VerifyPlan,
    stage_of,
)

BLOCKS = ("qkv", "wo", "ffn")


class Cost(Model):
    """What several stages spend together."""

    spent = given("pJ", "energy", domain=reals(0))
    taken = given("ns", "time", domain=reals(0))

    energy = formula("pJ", spent, "energy", derived=True)
    latency = formula("ns", taken, "time", derived=True)


def cost_of(*shares: Any) -> Cost:
    """The cost of several shares together."""
    return Cost(spent=sp.Add(*[s.energy for s in shares]), taken=sp.Add(*[s.latency for s in shares]))


def _stages(
    run: dict[str, Any], plans: Any, core: Any, features: Any, traffic: Any, control: Any, layers: Any, bursts: Any
) -> Any:
    """All stages of a phase, by name."""
    blocks = {
        name: ReadStage(**run, plan=getattr(plans, name), reads=getattr(core.blocks, name), modes=core.modes)
        for name in BLOCKS
    }
    return parts(
        **blocks,
        qk=stage_of(features.attention_qk, **run),
        softmax=stage_of(features.attention_softmax, **run),
        pv=stage_of(features.attention_pv, **run),
        elementwise=stage_of(features.ffn_activation, features.ffn_gate_multiply, **run),
        kv_cache=CacheStage(
            **run, update=features.kv_cache_update, moved_energy=traffic.energy, moved_latency=traffic.latency
        ),
        buffers_add=LumpedStage(
            **run,
            energy_of_step=sp.Add(*[block.buffer_energy for block in blocks.values()]),
            latency_of_step=sp.Add(*[block.buffer_latency for block in blocks.values()]),
        ),
        control=ControlStage(
            **run, layers=layers, bursts=bursts, token=control.token, burst=control.burst, setup=control.setup
        ),
    )


def _components(stages: Any, features: Any, traffic: Any) -> Any:
    """All components of a phase, by name; those of the read-out serve three stages."""
    read = {name: cost_of(*[getattr(getattr(stages, b).components, name) for b in BLOCKS]) for name in COMPONENTS}
    return parts(
        **read,
        attention_engine=cost_of(stages.qk, stages.pv),
        softmax_unit=cost_of(stages.softmax),
        elementwise_unit=cost_of(stages.elementwise),
        kv_cache=cost_of(features.kv_cache_update),
        buffers_add=cost_of(stages.buffers_add),
        control=cost_of(stages.control),
        sram=Cost(spent=traffic.sram_energy, taken=traffic.sram_latency),
        hbm=Cost(spent=traffic.hbm_energy, taken=traffic.hbm_latency),
        fabric=Cost(spent=traffic.fabric_energy, taken=traffic.fabric_latency),
    )


def _counted(stages: Any, name: str) -> Any:
    """A count over the stages that read crossbars."""
    return sp.Add(*[getattr(getattr(stages, block), name) for block in BLOCKS])


def _plans(phase: Any, plan: type[Plan]) -> Any:
    """One plan for every block."""
    shared = {"layers": phase.layers, "reuse": phase.reuse}
    return parts(
        qkv=plan(**shared, full_layers=phase.qkv_full),
        wo=plan(**shared, full_layers=phase.wo_full),
        ffn=plan(**shared, full_layers=phase.ffn_full),
    )


class Phase(Model):
    """Steps of one kind. Step i attends to the prompt and to the i tokens that the burst has added so far."""

    net = part(Network)
    core = part(AnalogCore)
    digital = part(DigitalUnits)
    control = part(Control)
    cache = part(Cache)
    memory = part(Hierarchy)
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1))
    prompt = given("1", "tokens before the burst", domain=integers(0), symbol="L")
    steps = given("1", "steps, expected", domain=reals(0), symbol="s")
    positions = given("1", "tokens the burst has added before each step, summed", domain=reals(0), symbol="q")
    bursts = given("1", "bursts opened", domain=reals(0), default=0)
    commits = given("1", "tokens committed to the memory off the chip", domain=reals(0), default=0)
    layers = given("1", "layers", domain=integers(0), symbol="N")
    qkv_full = given("1", "layers that draft qkv in full", domain=integers(0))
    wo_full = given("1", "layers that draft wo in full", domain=integers(0))
    ffn_full = given("1", "layers that draft ffn in full", domain=integers(0))

    plans = parts(qkv=part(Plan), wo=part(Plan), ffn=part(Plan))
    contexts = formula("1", prompt * steps + positions, "tokens attended to", derived=True, symbol="c")
    _run: ClassVar = {"steps": steps, "contexts": contexts}
    features = parts(
        attention_qk=Feature(
            **_run, unit=digital.attention_qk, context_work=layers * net.attention_width, parallel=digital.engines
        ),
        attention_softmax=Feature(**_run, unit=digital.attention_softmax, context_work=layers * net.heads),
        attention_pv=Feature(
            **_run, unit=digital.attention_pv, context_work=layers * net.attention_width, parallel=digital.engines
        ),
        ffn_activation=Feature(**_run, unit=digital.ffn_activation, step_work=layers * net.hidden),
        ffn_gate_multiply=Feature(
            **_run, unit=digital.ffn_gate_multiply, step_work=layers * net.hidden * net.feed_forward
        ),
        kv_cache_update=Feature(**_run, unit=digital.kv_cache_update, step_work=layers * cache.update_work),
    )
    traffic = part(
        Traffic,
        memory=memory,
        steps=steps,
        near_read=positions * cache.near_token,
        near_write=steps * cache.near_token,
        far_read=prompt * steps * cache.far_token,
        far_write=commits * cache.far_token,
    )
    stages = _stages(_run, plans, core, features, traffic, control, layers, bursts)
    components = _components(stages, features, traffic)

    step_energy = formula("pJ", total_of(stages, "step_energy"), "energy of a step", derived=True)
    context_energy = formula("pJ", total_of(stages, "context_energy"), "energy for a token attended to", derived=True)
    step_latency = formula("ns", total_of(stages, "step_latency"), "time of a step", derived=True)
    context_latency = formula("ns", total_of(stages, "context_latency"), "time for a token attended to", derived=True)
    compute_energy = formula(
        "pJ",
        steps * step_energy + contexts * context_energy + bursts * stages.control.burst_energy,
        "energy of all but movement",
        derived=True,
    )
    compute_latency = formula(
        "ns",
        steps * step_latency + contexts * context_latency + bursts * stages.control.burst_latency,
        "time of all but movement, one stage after another",
        derived=True,
    )
    energy = formula("pJ", compute_energy + traffic.energy, "energy of the phase", derived=True)
    latency = formula("ns", compute_latency + traffic.latency, "time of the phase", derived=True)
    array_activations = formula("1", _counted(stages, "array_activations"), "crossbars activated", derived=True)
    dac_conversions = formula("1", _counted(stages, "dac_conversions"), "input lines driven", derived=True)
    adc_draft_conversions = formula(
        "1", _counted(stages, "adc_draft_conversions"), "conversions of the draft converters", derived=True
    )
    adc_residual_conversions = formula(
        "1", _counted(stages, "adc_residual_conversions"), "conversions of the residual converters", derived=True
    )


class DraftPhase(Phase):
    """The draft, token by token."""

    plans = _plans(Phase, DraftPlan)


class VerifyPhase(Phase):
    """The verifier on drafted tokens."""

    plans = _plans(Phase, VerifyPlan)


class BonusPhase(Phase):
    """The token after a burst that was accepted to its end."""

    plans = _plans(Phase, BonusPlan)
