"""The original's rules once more, step by step and layer by layer: slow, plain, and apart from the models."""

from __future__ import annotations

from math import ceil

MODES = {  # crossbars activated, draft converters used, residual converters used
    "draft": (1, 1, 0),
    "draft_full": (4, 1, 1),
    "residual": (3, 0, 1),
    "full": (4, 1, 1),
    "none": (0, 0, 0),
}
BLOCKS = ("qkv", "wo", "ffn")


class ByHand:
    """One case; `costs` are flat: what a file and its library say together, by short names."""

    def __init__(self, model, hardware, stats, version):
        self.m, self.h, self.version = model, hardware, version
        self.k = stats["k"]
        whole = sum(stats["histogram"].values())
        self.p = [stats["histogram"].get(a, 0) / whole for a in range(self.k + 1)]
        self.f = model["d_ff"]

    def base(self):
        """The same without speculation."""
        return ByHand(self.m | {}, self.h, {"k": 0, "histogram": {0: 1}}, self.version)

    def shapes(self, block):
        d, f = self.m["d_model"], self.f
        gate = [(f, d)] if self.m["ffn_type"] == "swiglu" else []
        return {"qkv": [(3 * d, d)], "wo": [(d, d)], "ffn": [(f, d), *gate, (d, f)]}[block]

    def mode(self, kind, policy):
        if kind == "draft":
            return "draft" if policy == "draft" else "draft_full"
        if kind == "bonus" or self.h["reuse"] == "reread":
            return "full"
        return "none" if policy == "full" else "residual"

    def analog(self, block, kind, policy):
        """Energy and time of a block, and of the buffer behind it."""
        h, mode = self.h, self.mode(kind, policy)
        if h["legacy"]:
            return self.lumped(block, kind, policy, mode)
        x, shapes = h["x"], self.shapes(block)
        tiles = sum(ceil(o / x) * ceil(i / x) for o, i in shapes)
        bits = self.m["bits"]
        if self.version == "H":
            bits = h["draft_bits"] if mode == "draft" else h["verify_bits"]
        reads = tiles * ceil(bits / h["dac_bits"])
        m, d, q = MODES[mode]
        if not m and self.version == "H":
            return (0, 0), (0, 0)
        e, t = h["e"], h["t"]
        out = reads * x * (d + q)
        phase = "draft" if kind == "draft" else "verify"
        delta = self.version == "H" and h["delta"][phase]
        energy = reads * m * e["array"] + reads * x * (e["dac"] + d * e["adcD"] + q * e["adcQ"])
        energy += out * (e["tia"] + e["snh"] + e["mux"] + e["io"]) + reads * m * e["switch"] + reads * x * e["wdrv"]
        if self.version == "S":
            a = max(d * h["c"] * t["adcD"], q * h["c"] * t["adcQ"])
            chain = t["tia"] + t["snh"] + t["mux"] + t["io"]
            time = reads * (t["array"] + t["dac"] + a + a * chain + t["switch"] + t["wdrv"])
            ops = reads * x * sum(self.buffered(kind, policy))
            return (energy, time) if m else (0, 0), (ops * e["buf"], ops * t["buf"])
        energy += reads * m * x * e["inreg"] + reads * m * 2 * x * e["outreg"] + (reads * e["delta"] if delta else 0)
        a = max(d * h["cD"] * t["adcD"], q * h["cQ"] * t["adcQ"])
        slow = [a * t[n] for n in ("tia", "snh", "mux", "io")]
        stages = [m * x * t["inreg"], max(t["dac"], t["delta"] if delta else 0), t["array"]]
        stages += [max(a, *slow, m * 2 * x * t["outreg"]), t["switch"], t["wdrv"]]
        time = sum(stages) + (reads - 1) * max(stages)
        eb, tb = h["buf_" + phase]
        steps = max(d * h["cD"], q * h["cQ"]) * tb
        buffer = [out * eb, steps + max(0, (reads - 1) * (steps - max(stages)))]
        if kind == "verify" and h["reuse"] == "reuse" and policy == "draft":
            buffer[0] += sum(o for o, _ in shapes) * eb
            buffer[1] += sum(ceil(o / x) for o, _ in shapes) * h["cQ"] * tb
        return (energy, time), tuple(buffer)

    def buffered(self, kind, policy):
        """Terms of the buffer behind a block, in units of its outputs."""
        reuse, full = self.h["reuse"] == "reuse", policy == "full"
        return {"draft": [int(reuse), int(full)], "verify": [2 if reuse and not full else 1], "bonus": [1]}[kind]

    def lumped(self, block, kind, policy, mode):
        h, shapes = self.h, self.shapes(block)
        macs, outs = sum(o * i for o, i in shapes), sum(o for o, _ in shapes)
        cost = {"draft": "draft", "draft_full": "full", "full": "full", "residual": "residual", "none": None}[mode]
        e, t = h["weights"][cost] if cost else (0, 0)
        terms = self.buffered(kind, policy)
        if self.version == "S":
            ops = sum(terms) * outs
            return (macs * e, macs * t), (ops * h["e"]["buf"], ops * h["t"]["buf"])
        eb, tb = h["buf_draft" if kind == "draft" else "buf_verify"]
        waits = sum(max(0, n * outs * tb - macs * t) for n in terms if n)
        return (macs * e, macs * t), (sum(terms) * outs * eb, waits)

    def layer(self, kind, length, policy):
        """Energy and time of one layer in one step, control of the step included."""
        d, n, h = self.m["d_model"], self.m["n_heads"], self.h
        blocks = [cost for block in BLOCKS for cost in self.analog(block, kind, policy[block])]
        energy, time = (sum(column) for column in zip(*blocks, strict=True))
        gate = self.f if self.m["ffn_type"] == "swiglu" else 0
        ops = {"qk": d * length, "sm": n * length, "pv": d * length, "act": self.f, "gate": gate}
        ops["kv"] = d if h["memory"] is None else 0
        for name, count in ops.items():
            e, t = h["digital"][name]
            energy += count * e
            time += count * t / (h["units"] if name in ("qk", "pv") else 1)
        energy, time = energy + h["token"][0], time + h["token"][1]
        if kind == "bonus":
            energy, time = energy + h["burst"][0] + h["setup"][0], time + h["burst"][1] + h["setup"][1]
        return energy, time

    def step(self, kind, length):
        layers = [self.layer(kind, length, policy) for policy in self.m["policies"]]
        return tuple(sum(column) for column in zip(*layers, strict=True))

    def slowest(self, kind, length):
        return max(self.layer(kind, length, policy)[1] for policy in self.m["policies"])

    def moved(self, near_read, near_write, far_read, far_write):
        """Energy and time of tokens moved."""
        memory = self.h["memory"]
        if memory is None:
            return 0, 0
        d, n, layers = self.m["d_model"], self.m["n_heads"], self.m["n_layers"]
        far, near = (layers * (2 * d * v + n * c * s) for v, s, c in (memory["far"], memory["near"]))
        amounts = {"sram": (near_read * near, near_write * near), "hbm": (far_read * far, far_write * far)}
        amounts["fabric"] = tuple(a + b for a, b in zip(*amounts.values(), strict=True))
        energy, times = 0, [[], []]
        for store, sides in amounts.items():
            for way, amount in enumerate(sides):
                e, bandwidth, latency = memory[store][way]
                energy += amount * e
                times[way].append((latency + (amount / bandwidth if bandwidth else 0)) if amount > 0 else 0)
        return energy, sum(map(sum, times)) if self.version == "S" else sum(map(max, times))

    def burst(self, length):
        """Energy and time of a burst."""
        k, p, stop = self.k, self.p, self.h["pipelined"] and self.version == "S"
        committed = sum((a + 1) * share for a, share in enumerate(p))
        weights = [sum(p[i:]) if stop else 1 for i in range(k)]
        last = p[k] if stop else 1
        rest = self.m["n_layers"] * (1 - last)
        draft = [self.step("draft", length + i) for i in range(k)]
        verify = [self.step("verify", length + i) for i in range(k)]
        bonus = self.step("bonus", length + k)
        moved = [
            self.moved(k * (k - 1) / 2, k, k * length, 0),
            self.moved(sum(i * w for i, w in enumerate(weights)), sum(weights), sum(weights) * length, 0),
            self.moved(k * last, last, length * last, committed),
        ]
        setup = [a + b for a, b in zip(self.h["burst"], self.h["setup"], strict=True)]
        phases = [
            [sum(s[n] for s in draft) + moved[0][n] for n in (0, 1)],
            [sum(w * s[n] for w, s in zip(weights, verify, strict=True)) + moved[1][n] for n in (0, 1)],
            [last * bonus[n] + rest * setup[n] + moved[2][n] for n in (0, 1)],
        ]
        time = sum(phase[1] for phase in phases)
        if self.h["pipelined"]:
            time = self.pipelined(length, phases[0][1], time)
        energy = sum(phase[0] for phase in phases)
        leak = self.h["leak"] * time * 1e-6 if self.version == "H" else 0
        return (energy + leak) / committed, time / committed

    def pipelined(self, length, draft, serial):
        k = self.k
        periods = [max(self.slowest("verify", length + i), self.moved(i, 1, length, 0)[1]) for i in range(k)]
        slowest = self.slowest("bonus", length + k)
        if self.version == "H":
            if not k:
                return serial
            first = self.step("verify", length)[1] + self.moved(0, 1, length, 0)[1]
            return draft + first + sum(periods[1:]) + max(slowest, self.moved(k, 1, length, 0)[1])
        setup, whole = self.h["burst"][1] + self.h["setup"][1], 0
        for a, share in enumerate(self.p):
            tail = max(setup, self.moved(0, 0, 0, a + 1)[1])
            if a == k:
                tail = max(slowest, self.moved(k, 1, length, k + 1)[1])
            whole += share * (draft + sum(periods[: a + 1 if a < k else k]) + tail)
        return whole
