"""A language model that answers on one device or several: how long until the first word, and for each further one."""

from typing import Any, ClassVar

from symppa.language import Model, floor_div, formula, given, integers, largest, one, part, reals, smallest, where
from symppa.library.laws.speculation import Acceptance, IndependentAcceptance, SpeculationGain
from symppa.library.systems.device import Device, Gpu, Processor
from symppa.library.systems.serving_steps import EVERYTHING, Exchange, Step
from symppa.library.systems.subgraphs import Subgraphs

MAC, OP, BYTE, INFERENCE, TOKEN = one("mac"), one("op"), one("byte"), one("inference"), one("token")

LEAST = one("byte") / 2**20  # stands where a term is not taken and must not be divided by nothing


def subgraphs(step: Step, weight_ratio: Any, kept_ratio: Any) -> Subgraphs:
    """A step as a device runs it; keys and values that were kept stream in from the main memory, as weights do."""
    return Subgraphs(
        subgraphs=step.subgraphs, macs=step.mac.value * MAC, vector_ops=step.op.value * OP,
        activations=step.element.value, weights=step.weights * weight_ratio + step.kept * kept_ratio,
        unscaled=step.byte.value * BYTE, rows=step.rows, columns=step.width, depth=step.depth, repeats=step.repeats,
        count=step.count, batch=step.batch * INFERENCE, live=step.live, resident=step.resident * weight_ratio,
    )  # fmt: skip


class Serving(Model):
    """Prompts read together, then a token for each sequence in every further step.

    Devices that share the work split the matrices of every layer by columns and rows, and sum what they have around a
    ring. The first token comes with the prompt; the others take a step each, and `tpot` is the mean over them: keys
    and values, which grow by a token a step, count with their mean, which is exact while the same side of each
    subgraph stays the slower one.
    """

    chip = part(Processor)
    batch = given("1", "sequences that are served together", domain=integers(1), default=1, symbol="B")
    prompt = given("1", "tokens of a prompt", domain=integers(1), default=2048, symbol="L")
    generate = given("1", "tokens of an answer", domain=integers(2), default=256, symbol="G")
    ranks = given(
        "1", "devices that share every layer, as its subgraphs are split", domain=integers(1), default=1, symbol="p"
    )
    weight_size = given(
        "byte", "storage of a weight; 0 where it is that of a number", domain=reals(0), default="0 byte"
    )
    kept_size = given(
        "byte", "storage of an element of kept keys and values; 0 where it is that of a number", domain=reals(0),
        default="0 byte",
    )  # fmt: skip
    model_width = given("1", "width of the model", domain=integers(1), symbol="d")
    scores = given("1", "tokens that a device has scores of", domain=integers(1))
    sums = given("1", "sums over the devices in a step", domain=integers(0))
    most = given("1", "most tokens of a sequence that the model was made for", domain=integers(1), default=EVERYTHING)
    window = given("1", "most keys that a layer with a window sees", domain=integers(1), default=EVERYTHING, symbol="W")

    weight_number = formula(
        "byte", where(weight_size > 0, weight_size, chip.number), "storage of a weight in use", derived=True
    )
    kept_number = formula(
        "byte", where(kept_size > 0, kept_size, chip.number), "storage of a kept element in use", derived=True
    )

    reading = Step(batch=batch, tokens=prompt, past=0, steps=1)
    writing = Step(batch=batch, tokens=1, past=prompt, steps=generate - 1, keys_kept=prompt + generate)
    first_step = writing.with_(steps=1)
    last_step = writing.with_(steps=1, past=prompt + generate - 2)
    _ratios: ClassVar = {"weight_ratio": weight_number / chip.number, "kept_ratio": kept_number / chip.number}
    reading_net = subgraphs(reading, **_ratios)
    writing_net = subgraphs(writing, **_ratios)
    first_net = subgraphs(first_step, **_ratios)
    last_net = subgraphs(last_step, **_ratios)
    device = part(Device, default=Gpu, net=reading_net, chip=chip)
    decode = device.with_(net=writing_net)
    decode_first = device.with_(net=first_net)
    decode_last = device.with_(net=last_net)
    prompt_exchange = Exchange(
        ranks=ranks, tokens=batch * prompt, width=model_width, sums=sums, said=batch, scores=scores,
        number=chip.number, bandwidth=chip.link_bandwidth, latency=chip.link_latency,
    )  # fmt: skip
    token_exchange = prompt_exchange.with_(tokens=batch)

    ttft = formula(
        "ms", device.latency + prompt_exchange.time, "time to the first token, of all prompts together", derived=True
    )
    tpot = formula(
        "ms", decode.latency + token_exchange.time, "time of a further token, the mean over the answer", derived=True
    )
    first_tpot = formula(
        "ms", decode_first.latency + token_exchange.time, "time of the first further token, plainly decoded",
        derived=True,
    )  # fmt: skip
    last_tpot = formula(
        "ms", decode_last.latency + token_exchange.time, "time of the last token, plainly decoded", derived=True
    )
    answer_time = formula("s", ttft + (generate - 1) * tpot, "time of a whole answer", derived=True)
    prefill_rate = formula("token/s", batch * prompt * TOKEN / ttft, "tokens of prompts read in a second", derived=True)
    decode_rate = formula(
        "token/s", batch * TOKEN / tpot, "tokens in a second, of all sequences, once prompts are read", derived=True
    )
    user_rate = formula("token/s", TOKEN / tpot, "tokens in a second of one sequence", derived=True)
    rate = formula(
        "token/s", batch * generate * TOKEN / answer_time, "tokens of answers in a second, prompts read in between",
        derived=True,
    )  # fmt: skip

    prefill_energy = formula(
        "J", ranks * (device.energy + chip.idle_power * prompt_exchange.time),
        "energy to read the prompts, of all devices; that of the links is not known and left out", derived=True,
    )  # fmt: skip
    step_energy = formula(
        "J", ranks * (decode.energy + chip.idle_power * token_exchange.time),
        "energy of a further token of every sequence, of all devices; that of the links left out", derived=True,
    )  # fmt: skip
    decode_token_energy = formula(
        "J/token", step_energy / (batch * TOKEN), "energy of a further token of one sequence", derived=True
    )
    answer_energy = formula(
        "J", prefill_energy + (generate - 1) * step_energy, "energy of the answers to a batch", derived=True
    )
    token_energy = formula(
        "J/token", answer_energy / (batch * generate * TOKEN),
        "energy of a token of an answer, its share of the prompt's included",
        derived=True,
    )  # fmt: skip
    power = formula("W", answer_energy / answer_time, "average power of all devices", derived=True)

    weight_memory = formula("GB", writing.resident * weight_number, "room of the weights on a device", derived=True)
    kept_token = formula(
        "byte", writing.kept_token * kept_number, "keys and values of a token, on a device", derived=True
    )
    kept_sequence = formula(
        "byte", writing.kept_sequence * kept_number, "keys and values of a whole sequence, on a device", derived=True
    )
    kept_memory = formula("GB", batch * kept_sequence, "room of keys and values on a device", derived=True)
    activation_memory = formula(
        "GB", reading.live * chip.number, "room of activations while prompts are read", derived=True
    )
    memory = formula("GB", weight_memory + kept_memory + activation_memory, "room on a device", derived=True)
    memory_fill = formula(
        "percent", where(chip.capacity > 0, memory / chip.capacity, 0), "share of the main memory, where stated",
        derived=True,
    )  # fmt: skip
    sequence_memory = formula(
        "byte", kept_sequence + reading.live / batch * chip.number, "room of a sequence on a device", derived=True
    )
    room = formula(
        "byte", largest(chip.capacity - weight_memory, 0), "room beside the weights on a device", derived=True
    )
    largest_batch = formula(
        "1", floor_div(room, sequence_memory),
        "most sequences of this length that fit; 0 where none does, or where no memory is stated", derived=True,
    )  # fmt: skip
    room_stated = formula(
        "1", where(chip.capacity > 0, 1, 0), "1 where the main memory is stated, so that what fits is known, else 0",
        derived=True,
    )  # fmt: skip

    kept_everywhere = formula(
        "byte", writing.kept_everywhere * kept_number,
        "keys and values of a token in layers that see everything, on a device", derived=True,
    )  # fmt: skip
    short_context = formula(
        "1", floor_div(largest(room - activation_memory, 0), batch * kept_token),
        "most tokens of a sequence that fit where every layer keeps all of them", derived=True,
    )  # fmt: skip
    windowed_token = formula(
        "byte", kept_token - kept_everywhere,
        "keys and values of a token in layers with a window", derived=True,
    )  # fmt: skip
    long_context = formula(
        "1",
        where(
            kept_everywhere > 0,
            floor_div(
                largest(room - activation_memory - batch * windowed_token * window, 0),
                batch * largest(kept_everywhere, LEAST),
            ),
            most,
        ),
        "most tokens of a sequence that fit where layers with a window have theirs full", derived=True,
    )  # fmt: skip
    largest_context = formula(
        "1", smallest(most, where(short_context <= window, short_context, largest(window, long_context))),
        "most tokens of a sequence, prompt and answer, at this batch and prompt", derived=True,
    )  # fmt: skip


class SpeculativeServing(Serving):
    """The same with a smaller model that drafts tokens, and the larger one that verifies them all in one step.

    Every device drafts on its own with the whole of the smaller model. Steps are taken at the mean length of the
    sequence; the smaller model reads the prompt too.
    """

    burst = given("1", "drafted tokens", domain=integers(1), default=4, symbol="K")
    acceptance = part(Acceptance, default=IndependentAcceptance, burst=burst)

    _mean: ClassVar = {"past": Serving.prompt + Serving.generate / 2 - 1, "steps": 1}
    verifying = Serving.writing.with_(**_mean, tokens=burst + 1)
    draft_reading = Step(batch=Serving.batch, tokens=Serving.prompt, past=0, steps=1)
    draft_writing = Step(batch=Serving.batch, tokens=1, keys_kept=Serving.prompt + Serving.generate, **_mean)
    verifying_net = subgraphs(verifying, **Serving._ratios)
    draft_reading_net = subgraphs(draft_reading, **Serving._ratios)
    draft_net = subgraphs(draft_writing, **Serving._ratios)
    verify = Serving.device.with_(net=verifying_net)
    draft_prefill = Serving.device.with_(net=draft_reading_net)
    draft = Serving.device.with_(net=draft_net)
    verify_exchange = Serving.prompt_exchange.with_(
        tokens=Serving.batch * (burst + 1), said=Serving.batch * (burst + 1)
    )

    plain_tpot = formula(
        "ms", Serving.decode.latency + Serving.token_exchange.time, "time of a further token without drafts",
        derived=True,
    )  # fmt: skip
    verify_time = formula("ms", verify.latency + verify_exchange.time, "time to verify a burst", derived=True)
    gain = SpeculationGain(
        burst=burst, committed=acceptance.committed, draft_cost=draft.latency / plain_tpot,
        verify_cost=verify_time / plain_tpot,
    )  # fmt: skip
    ttft = formula(
        "ms", Serving.ttft + draft_prefill.latency, "time to the first token, the prompt read by both models",
        derived=True,
    )  # fmt: skip
    tpot = formula(
        "ms",
        plain_tpot / gain.gain,
        "time of a further token, the mean over the answer",
        source="leviathan2023, theorem 3.8",
    )
    prefill_energy = formula(
        "J", Serving.prefill_energy + Serving.ranks * draft_prefill.energy,
        "energy to read the prompts with both models",
        derived=True,
    )  # fmt: skip
    step_energy = formula(
        "J",
        Serving.ranks * (burst * draft.energy + verify.energy + Serving.chip.idle_power * verify_exchange.time)
        / acceptance.committed,
        "energy of a further token of every sequence, drafts and verification included", source="leviathan2023",
    )  # fmt: skip
    weight_memory = formula(
        "GB", Serving.weight_memory + draft_writing.resident * Serving.weight_number,
        "room of the weights of both models on a device", derived=True,
    )  # fmt: skip
    kept_token = formula(
        "byte", Serving.kept_token + draft_writing.kept_token * Serving.kept_number,
        "keys and values of a token in both models, on a device", derived=True,
    )  # fmt: skip
    kept_sequence = formula(
        "byte", Serving.kept_sequence + draft_writing.kept_sequence * Serving.kept_number,
        "keys and values of a whole sequence in both models, on a device", derived=True,
    )  # fmt: skip
    kept_everywhere = formula(
        "byte", Serving.kept_everywhere + draft_writing.kept_everywhere * Serving.kept_number,
        "keys and values of a token in layers of both models that see everything, on a device", derived=True,
    )  # fmt: skip
