"""A step of a language model, of which several devices do a part each: its work, and what they tell one another."""

from typing import ClassVar

from symppa.language import Model, formula, given, index, integers, largest, one, power, reals, smallest, total, where
from symppa.library.operators.attention import Attention
from symppa.library.operators.collective import AllGather, AllReduce

EVERYTHING = 2**40  # keys that a query sees where nothing keeps it from seeing all


class Growth(Model):
    """How much a step has of something in each subgraph: what stays, and what grows with the step."""

    subgraphs = index("fused subgraphs", symbol="s")
    batch = given("1", "sequences", domain=reals(0), symbol="B")
    tokens = given("1", "new tokens of a sequence", domain=reals(0), symbol="T")
    pairs = given("1", "pairs of a query and a key in a sequence", over=subgraphs, domain=reals(0), symbol="P")
    fixed = given("1", "what is there whatever the step", over=subgraphs, domain=reals(0), default=0)
    by_place = given("1", "for each place in a sequence", over=subgraphs, domain=reals(0), default=0)
    by_sequence = given("1", "for each sequence", over=subgraphs, domain=reals(0), default=0)
    by_token = given("1", "for each token of each sequence", over=subgraphs, domain=reals(0), default=0)
    by_pair = given("1", "for each pair of each sequence", over=subgraphs, domain=reals(0), default=0)

    value = formula(
        "1",
        fixed + by_place * tokens + batch * (by_sequence + by_token * tokens + by_pair * pairs),
        "all of it in one step",
        derived=True,
    )


class Step(Model):
    """A step of a language model: `tokens` of each sequence after `past` others, or the mean of several such steps.

    Subgraphs that are alike in all layers stand once, with their count. Over `steps` of one token, which see ever
    more keys, it is the mean step.
    """

    subgraphs = index("fused subgraphs", symbol="s")
    batch = given("1", "sequences", domain=integers(1), symbol="B")
    tokens = given("1", "new tokens of a sequence in a step", domain=integers(1), symbol="T")
    past = given("1", "tokens of a sequence before the first step", domain=reals(0), symbol="L")
    steps = given("1", "steps of which this is the mean", domain=integers(1), default=1)
    count = given("1", "equal subgraphs", over=subgraphs, domain=reals(0), default=1)
    window = given("1", "most keys that a query sees", over=subgraphs, domain=integers(1), default=EVERYTHING)
    kept_key = given(
        "1", "elements read for each key that was kept", over=subgraphs, domain=reals(0), default=0,
        symbol=r"n_\mathrm{kv}",
    )  # fmt: skip
    columns = given("1", "columns of the largest product", over=subgraphs, domain=reals(0), default=0)
    columns_seen = given("1", "1 where they are the keys that a query sees", over=subgraphs, domain=reals(0), default=0)
    depth = given("1", "products added up for an element of it", over=subgraphs, domain=reals(0), default=0)
    experts = given("1", "experts", over=subgraphs, domain=integers(1), default=1, symbol="E")
    active = given("1", "experts a token meets", over=subgraphs, domain=integers(1), default=1, symbol="k")
    expert = given("1", "elements of an expert", over=subgraphs, domain=reals(0), default=0)
    routed = given("1", "1 where the largest product is the experts'", over=subgraphs, domain=reals(0, 1), default=0)
    resident = given("1", "elements of all weights", domain=reals(0), default=0)
    live_start = given("1", "activations alive for a sequence at the fullest moment", domain=reals(0), default=0)
    live_offset = given("1", "activations alive besides those of each token", default=0)
    live_token = given("1", "activations alive for each token", domain=reals(0), default=0)

    seen = Attention(
        batch=1, queries=tokens * steps, context=past + tokens * steps, heads=1, shared_heads=1, width=1,
        value_width=1, mask=1, window=window, inside=1,
    )  # fmt: skip
    pairs = formula("1", seen.pairs / steps, "pairs of a query and a key in a step", derived=True)
    keys = formula("1", where(steps > 1, pairs, seen.keys), "keys that were kept and are read in a step", derived=True)
    met = formula(
        "1", experts * (1 - power(1 - active / experts, batch * tokens)), "experts that some token meets, on average",
        source="shazeer2017, choices alike and independent", symbol=r"E_\mathrm{met}",
    )  # fmt: skip

    _step: ClassVar = {"subgraphs": subgraphs, "batch": batch, "tokens": tokens, "pairs": pairs}
    mac = Growth(**_step)
    op = Growth(**_step)
    element = Growth(**_step)
    weight = Growth(**_step)
    byte = Growth(**_step)
    row = Growth(**_step)
    repeat = Growth(**_step)

    rows = formula("1", row.value * where(routed > 0, active / met, 1), "rows of the largest product", derived=True)
    repeats = formula("1", where(routed > 0, met, repeat.value), "products of that size", derived=True)
    width = formula("1", columns + columns_seen * pairs / tokens, "columns of the largest product", derived=True)
    weights = formula("1", weight.value + met * expert, "elements of weights read", derived=True)
    kept = formula("1", kept_key * batch * keys, "elements of keys and values read that were kept", derived=True)
    live = formula(
        "1", batch * largest(live_start, live_token * tokens + live_offset),
        "activations alive at the fullest moment", derived=True,
    )  # fmt: skip
    kept_token = formula(
        "1", total(count * kept_key, over=subgraphs), "elements of keys and values of a token", derived=True
    )
    kept_everywhere = formula(
        "1", total(where(window < EVERYTHING, 0, count * kept_key), over=subgraphs),
        "elements of keys and values of a token in layers that see everything", derived=True,
    )  # fmt: skip
    keys_kept = given("1", "tokens of a sequence that are kept", domain=reals(0), default=0, symbol="n")
    kept_sequence = formula(
        "1", total(count * kept_key * smallest(keys_kept, window), over=subgraphs),
        "elements of keys and values kept of a sequence", derived=True,
    )  # fmt: skip


class Exchange(Model):
    """What devices tell one another in a step: sums around a ring, and parts of what is said in the end."""

    ranks = given("1", "devices", domain=integers(1), symbol="p")
    tokens = given("1", "tokens of a step, of all sequences", domain=reals(0))
    width = given("1", "width of the model", domain=integers(1), symbol="d")
    sums = given("1", "sums over the devices in a step", domain=integers(0))
    said = given("1", "tokens whose scores are told", domain=reals(0))
    scores = given("1", "scores that a device has of a token", domain=reals(0))
    number = given("byte", "storage of a number", domain=reals(0))
    bandwidth = given("GB/s", "rate at which a device sends to another", domain=reals(0))
    latency = given("us", "time until what is sent arrives", domain=reals(0))

    ring = AllReduce(elements=tokens * width, ranks=ranks)
    gather = AllGather(elements=said * scores, ranks=ranks)
    rate = formula("GB/s", largest(bandwidth, one("byte/s")), "rate of the links, never zero", derived=True)
    sent = formula("byte", (sums * ring.sent + gather.sent) * number, "bytes that leave a device", derived=True)
    messages = formula("1", sums * ring.steps + gather.steps, "messages one after the other", derived=True)
    time = formula("us", sent / rate + messages * latency, "time of all messages", source="thakur2005")
