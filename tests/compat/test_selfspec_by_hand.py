"""Configurations nobody has published, against the original's rules walked through step by step."""

from __future__ import annotations

import json
import random

import pytest
import yaml

from symppa.compat.selfspec import HardwareConfig, ModelConfig, SpeculationStats
from symppa.compat.selfspec.evaluation import Case
from symppa.compat.selfspec.values import FEATURES, LEAKING, PERIPHERY, REGISTERS, STORES
from tests.compat.selfspec_by_hand import BLOCKS, ByHand

SHORT = {
    "tia": "tia",
    "snh": "snh",
    "mux": "mux",
    "io_buffers": "io",
    "subarray_switches": "switch",
    "write_drivers": "wdrv",
    "input_registers": "inreg",
    "output_registers": "outreg",
}
FEATURE = dict(zip(FEATURES, ("qk", "sm", "pv", "act", "gate", "kv"), strict=True))
OUTPUTS = [f"{side}.{name}" for side in ("spec", "base") for name in ("energy", "latency")]
PROMPTS = [0, 1, 37, 500]


class Dice:
    """A case at random: its files, and the same numbers for the walk."""

    def __init__(self, seed, version, legacy):
        self.r, self.version, self.legacy = random.Random(seed), version, legacy

    def cost(self, use):
        """Energy and time of a use, sometimes nothing."""
        e, t = (self.r.choice([0.0, self.r.uniform(0, 2)]) for _ in range(2))
        return {f"energy_pj_per_{use}": e, f"latency_ns_per_{use}": t}, (e, t)

    def model(self):
        r = self.r
        heads, layers = r.choice([1, 2, 4]), r.randint(1, 4)
        width = heads * r.choice([8, 24, 40])
        kind = lambda: {b: r.choice(["draft", "full"]) for b in BLOCKS if r.random() < 0.7}  # noqa: E731
        default, listed = kind(), {n: kind() for n in range(layers) if r.random() < 0.4}
        file = {"n_layers": layers, "d_model": width, "n_heads": heads, "activation_bits": r.choice([4, 8, 12])}
        file |= {"ffn_type": r.choice(["mlp", "swiglu"]), "d_ff": r.choice([17, 64, 200])}
        file["draft_policy"] = {"default": default, "per_layer": listed}
        policies = [{b: listed.get(n, default).get(b, "draft") for b in BLOCKS} for n in range(layers)]
        return file, file | {"bits": file["activation_bits"], "policies": policies}

    def stats(self):
        k = self.r.choice([0, 1, 2, 5])
        histogram = {a: self.r.choice([0, 1, 2, 7]) for a in range(k + 1)}
        histogram[self.r.randint(0, k)] += 1
        return {"k": k, "histogram": histogram}

    def memory(self):
        if self.r.random() < 0.4:
            return None, None
        file, walk = {"kv_cache": {}}, {}
        for store in STORES:
            walk[store] = []
            file[store] = {}
            for way in ("read", "write"):
                e, b, t = (self.r.choice([0.0, self.r.uniform(0.1, 9)]) for _ in range(3))
                names = ("energy_pj_per_byte", "bandwidth_GBps", "latency_ns")
                file[store] |= {f"{way}_{name}": value for name, value in zip(names, (e, b, t), strict=True)}
                walk[store].append((e, b, t))
        formats = {name: [self.r.randint(0, 3) for _ in range(3)] for name in ("hbm", "sram")}
        if self.r.random() < 0.5:
            formats.pop("sram")
        for name, numbers in formats.items():
            keys = ("value_bytes_per_elem", "scale_bytes", "scales_per_token_per_head")
            file["kv_cache"][name] = dict(zip(keys, numbers, strict=True))
        return file, walk | {"far": formats["hbm"], "near": formats.get("sram", formats["hbm"])}

    def soc(self, walk):
        file = {
            "schedule": self.r.choice(["serialized", "layer-pipelined"]),
            "attention_cim_units": self.r.randint(1, 3),
        }
        walk |= {"pipelined": file["schedule"] != "serialized", "units": file["attention_cim_units"]}
        token, walk["token"] = self.cost("token")
        burst, walk["burst"] = self.cost("burst")
        file["control"] = token | burst
        file["verify_setup"], walk["setup"] = self.cost("burst")
        file["buffers_add"], shared = self.cost("op")
        walk["e"]["buf"], walk["t"]["buf"] = shared
        for phase in ("draft", "verify"):
            own, numbers = self.cost("op")
            if self.version == "H" and self.r.random() < 0.5:
                file["buffers_add"][phase] = own
                walk[f"buf_{phase}"] = numbers
            else:
                walk[f"buf_{phase}"] = shared
        return file

    def digital(self, walk, name):
        coarse = {unit: self.cost("mac") for unit in dict.fromkeys(FEATURES.values())}
        own = {feature: self.cost("mac") for feature in FEATURES if self.r.random() < 0.4}
        chosen = {feature: own.get(feature, coarse[unit])[1] for feature, unit in FEATURES.items()}
        walk["digital"] = {FEATURE[feature]: numbers for feature, numbers in chosen.items()}
        return {name(unit): cost[0] for unit, cost in coarse.items()}, {f: cost[0] for f, cost in own.items()}

    def hardware(self, model):
        """The hardware file, its library, and the walk's numbers."""
        walk = {"legacy": self.legacy, "reuse": self.r.choice(["reuse", "reread"]), "e": {}, "t": {}, "leak": 0}
        file = {"reuse_policy": walk["reuse"], "soc": self.soc(walk)}
        file["memory"], walk["memory"] = self.memory()
        if self.version == "H":
            leaking = {f"{name}_nw": self.r.uniform(0, 1e6) for name in LEAKING}
            file["leakage_power"], walk["leak"] = leaking, sum(leaking.values())
        if self.legacy:
            name = lambda unit: unit if unit == "kv_cache" else f"digital_{unit}"  # noqa: E731
            coarse, own = self.digital(walk, name)
            weights = {n: self.cost("mac") for n in ("draft", "full", "residual")}
            walk["weights"] = {n: cost[1] for n, cost in weights.items()}
            keys = {"draft": "analog_draft", "full": "analog_full", "residual": "analog_verify_reuse"}
            analog = {keys[n]: cost[0] for n, cost in weights.items()}
            areas = {"analog_weight_area": {"area_mm2_per_weight": 1e-9}}
            return file | {"costs": coarse | analog | areas | {"digital_features": own}}, {}, walk
        return self.knobs(file, walk, model)

    def knobs(self, file, walk, model):
        r = self.r
        walk["x"] = r.choice([16, 64, 96])
        columns = r.choice([1, 4, 16])
        walk |= {"c": columns, "cD": columns, "cQ": columns, "dac_bits": r.choice([1, 4, 8]), "delta": {}}
        bits = {"draft_bits": 3, "residual_bits": 7}
        analog = {"xbar_size": walk["x"], "num_columns_per_adc": columns, "dac_bits": walk["dac_bits"], "adc": bits}
        tables = {
            "adc": {b: self.cost("conversion") for b in (3, 7)},
            "dac": {b: self.cost("conversion") for b in (1, 4, 8)},
        }
        for name, (table, b) in {"adcD": ("adc", 3), "adcQ": ("adc", 7), "dac": ("dac", walk["dac_bits"])}.items():
            walk["e"][name], walk["t"][name] = tables[table][b][1]
        array, (walk["e"]["array"], walk["t"]["array"]) = self.cost("activation")
        blocks = {name: self.cost("op") for name in (*PERIPHERY, *(REGISTERS if self.version == "H" else ()))}
        for name, (_, numbers) in blocks.items():
            walk["e"][SHORT[name]], walk["t"][SHORT[name]] = numbers
        # half of the blocks come from the library, which is wrong about the others
        told = {name: cost[0] for name, cost in blocks.items() if r.random() < 0.5}
        packaged = {name: self.cost("op")[0] if name in told else cost for name, (cost, _) in blocks.items()}
        analog["periphery"] = told
        if self.version == "H":
            self.later(file, analog, walk, model, tables)
        coarse, own = self.digital(walk, str)
        area = {"area_mm2_per_unit": 0.0}
        library = {name: {str(b): cost[0] | area for b, cost in rows.items()} for name, rows in tables.items()}
        library |= {"array": array | {"area_mm2_per_weight": 0.0}, "digital": coarse | {"features": own}}
        library["analog_periphery"] = packaged
        return file | {"analog": analog, "library": "own", "library_file": "own.json"}, {"own": library}, walk

    def later(self, file, analog, walk, model, tables):
        r = self.r
        if r.random() < 0.5:
            walk["cD"], walk["cQ"] = r.choice([2, 8]), r.choice([1, 16])
            analog["adc"] = analog["adc"] | {"num_columns_per_adc": {"draft": walk["cD"], "residual": walk["cQ"]}}
        delta = r.choice([1, 8])
        walk["e"]["delta"], walk["t"]["delta"] = tables["dac"][delta][1]
        walk["delta"] = {phase: r.random() < 0.5 for phase in ("draft", "verify")}
        analog["delta_readout"] = {phase: {"enabled": on, "dac_bits": delta} for phase, on in walk["delta"].items()}
        for phase in ("draft", "verify"):
            own = r.choice([None, 5, 16])
            file["soc"][f"{phase}_activation_bits"] = own
            walk[f"{phase}_bits"] = own or model["activation_bits"]


@pytest.mark.parametrize("version", ["S", "H"])
@pytest.mark.parametrize("legacy", [False, True], ids=["knobs", "legacy"])
@pytest.mark.parametrize("seed", range(30))
def test_any_case_costs_what_its_steps_cost(seed, legacy, version, tmp_path):
    dice = Dice(seed, version, legacy)
    model, model_walk = dice.model()
    hardware, library, walk = dice.hardware(model)
    stats = dice.stats()
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(model))
    (tmp_path / "hardware.yaml").write_text(yaml.safe_dump(hardware))
    (tmp_path / "stats.json").write_text(json.dumps(stats))
    (tmp_path / "own.json").write_text(json.dumps(library))
    case = Case(
        ModelConfig.from_yaml(tmp_path / "model.yaml"),
        HardwareConfig.from_yaml(tmp_path / "hardware.yaml", version),
        SpeculationStats.from_path(tmp_path / "stats.json"),
    )
    found = case.evaluate(OUTPUTS, PROMPTS)
    by_hand = ByHand(model_walk, walk, stats, version)
    for side, walked in (("spec", by_hand), ("base", by_hand.base())):
        expected = [walked.burst(prompt) for prompt in PROMPTS]
        for name, column in zip(("energy", "latency"), zip(*expected, strict=True), strict=True):
            assert list(found[f"{side}.{name}"]) == pytest.approx(list(column), rel=1e-9, abs=1e-12), (side, name)
