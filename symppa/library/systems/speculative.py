"""Speculative decoding on an analog chip: a draft, its verification and a bonus token, over and over."""

from typing import ClassVar

from symppa.language import (
    Model,
    choices,
    formula,
    given,
    index,
    integers,
    one,
    part,
    parts,
    reals,
    total,
    total_of,
    where,
)
from symppa.library.components.control import Control, Device, DigitalUnits
from symppa.library.components.kv_cache import Cache
from symppa.library.components.leakage import Leakage
from symppa.library.components.memory import Hierarchy
from symppa.library.components.readout import AnalogCore
from symppa.library.components.readout_lumped import HiddenCore, LumpedCore
from symppa.library.components.readout_overlapped import OverlappedCore
from symppa.library.components.readout_serial import SerialCore
from symppa.library.components.transformer import Network
from symppa.library.systems.analog_area import ChipArea
from symppa.library.systems.analog_phases import BonusPhase, DraftPhase, VerifyPhase
from symppa.library.systems.burst_schedules import Schedule, StopRule

CORES = (SerialCore, OverlappedCore, LumpedCore, HiddenCore)  # a decoder's core is one of these, by name


class SpeculativeDecoder(Model):
    """An analog chip that drafts with few bits of its weights and verifies with all of them.

    A burst of no drafted tokens is plain decoding: `decoder.with_(burst=0, probability=1)`.
    """

    net = part(Network)
    digital = DigitalUnits()
    control = Control()
    memory = Hierarchy()
    buffer = Device()
    cache = part(Cache, net=net)
    prompt = given("1", "tokens before the burst", domain=integers(0), symbol="L")
    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")
    step = index("verify steps", size=burst, symbol="i")
    accepted = index("accepted tokens", size=burst + 1, symbol="a")
    probability = given("1", "probability of an acceptance count", domain=reals(0, 1), over=accepted, symbol="p")
    reuse = given(
        "1", "what the verifier does with what the draft has read", domain=choices("reread", "reuse"), default="reuse"
    )

    core = part(AnalogCore, net=net, reuse=reuse, buffer=buffer)
    rule = part(StopRule, burst=burst, accepted=accepted, probability=probability)
    committed = formula(
        "1", total((accepted + 1) * probability, over=accepted), "tokens a burst commits", source="leviathan2023"
    )

    _chip: ClassVar = {
        "net": net,
        "core": core,
        "digital": digital,
        "control": control,
        "cache": cache,
        "memory": memory,
        "reuse": reuse,
        "prompt": prompt,
    }
    _all: ClassVar = {"layers": net.depth, "qkv_full": net.qkv_full, "wo_full": net.wo_full, "ffn_full": net.ffn_full}
    phases = parts(
        draft=DraftPhase(**_chip, **_all, steps=burst, positions=burst * (burst - 1) / 2),
        verify_drafted=VerifyPhase(**_chip, **_all, steps=rule.verify_steps, positions=rule.verify_positions),
        verify_bonus=BonusPhase(
            **_chip,
            **_all,
            steps=rule.bonus_steps,
            positions=rule.bonus_steps * burst,
            bursts=1,
            commits=committed,
        ),
    )
    _one: ClassVar = {
        "layers": 1,
        "qkv_full": net.qkv_precision,
        "wo_full": net.wo_precision,
        "ffn_full": net.ffn_precision,
    }
    first_verify = phases.verify_drafted.with_(steps=1, positions=0)
    verify_layer = phases.verify_drafted.with_(**_one, steps=1, positions=step)
    bonus_layer = phases.verify_bonus.with_(**_one, steps=1, positions=burst, commits=0)
    full_layer = phases.verify_bonus.with_(**_one, steps=1, positions=burst, commits=burst + 1)
    stopped_layer = phases.verify_bonus.with_(**_one, steps=0, positions=0, commits=accepted + 1)
    schedule = part(
        Schedule,
        kinds=net.kinds,
        step=step,
        rule=rule,
        draft=phases.draft,
        verify=phases.verify_drafted,
        bonus=phases.verify_bonus,
        first_verify=first_verify,
        verify_layer=verify_layer,
        bonus_layer=bonus_layer,
        full_layer=full_layer,
        stopped_layer=stopped_layer,
    )
    chip = ChipArea(net=net, core=core, digital=digital, memory=memory)

    burst_latency = formula("ns", schedule.latency, "time of a burst", derived=True)
    burst_energy = formula("pJ", total_of(phases, "energy"), "energy of a burst", derived=True)
    energy = formula("pJ/token", burst_energy / (committed * one("token")), "energy of a token", derived=True)
    latency = formula("ns/token", burst_latency / (committed * one("token")), "time of a token", derived=True)
    throughput = formula("token/s", where(latency > 0, 1 / latency, 0), "tokens in a second", derived=True)
    efficiency = formula("token/J", where(energy > 0, 1 / energy, 0), "tokens for a joule", derived=True)
    power = formula("W", where(latency > 0, energy / latency, 0), "average power", derived=True)
    area = formula("mm2", chip.on_chip, "area of the chip", derived=True)
    off_chip_area = formula("mm2", chip.off_chip, "area of memory stacks beside the chip", derived=True)


class LeakyDecoder(SpeculativeDecoder):
    """The same chip, powered all the time; what leaks is told, not scaled with what is built."""

    leakage = Leakage()

    leakage_energy = formula(
        "pJ", leakage.power * SpeculativeDecoder.burst_latency, "energy that leaks in a burst", source="selfspec"
    )
    burst_energy = formula("pJ", SpeculativeDecoder.burst_energy + leakage_energy, derived=True)


class Speculation(Model):
    """Speculation beside the same chip without it."""

    spec = part(SpeculativeDecoder)
    base = spec.with_(burst=0, probability=1)

    energy_ratio = formula("1", spec.energy / base.energy, "energy of a token, relative", derived=True)
    latency_ratio = formula("1", spec.latency / base.latency, "time of a token, relative", derived=True)
    throughput_ratio = formula("1", spec.throughput / base.throughput, "tokens in a second, relative", derived=True)
    efficiency_ratio = formula("1", spec.efficiency / base.efficiency, "tokens for a joule, relative", derived=True)
    energy_difference = formula("pJ/token", spec.energy - base.energy, "energy a token takes more", derived=True)
    latency_difference = formula("ns/token", spec.latency - base.latency, "time a token takes more", derived=True)
    throughput_difference = formula(
        "token/s", spec.throughput - base.throughput, "tokens more in a second", derived=True
    )
    efficiency_difference = formula(
        "token/J", spec.efficiency - base.efficiency, "tokens more for a joule", derived=True
    )
