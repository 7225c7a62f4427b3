"""What a network asks of a device, subgraph by subgraph: for one batch, or for any."""

from typing import ClassVar

from symppa.language import Model, formula, given, index, one, reals


class Subgraphs(Model):
    """The fused subgraphs of a network for one run of a batch, in the order they run."""

    subgraphs = index("fused subgraphs", symbol="s")
    macs = given("mac", "multiplications of matrix products, each with its addition", over=subgraphs, domain=reals(0))
    vector_ops = given("op", "other arithmetic", over=subgraphs, domain=reals(0))
    activations = given("1", "elements read and written at its ends", over=subgraphs, domain=reals(0))
    weights = given("1", "elements of weights read", over=subgraphs, domain=reals(0))
    unscaled = given("byte", "bytes of tensors whose format never changes", over=subgraphs, domain=reals(0))
    rows = given("1", "rows of its largest matrix product", over=subgraphs, domain=reals(0), default=0)
    columns = given("1", "columns of its largest matrix product", over=subgraphs, domain=reals(0), default=0)
    depth = given("1", "products added up for an element of it", over=subgraphs, domain=reals(0), default=0)
    repeats = given("1", "matrix products of that size", over=subgraphs, domain=reals(0), default=0)
    sent = given("1", "elements that it sends to other devices", over=subgraphs, domain=reals(0), default=0)
    messages = given("1", "messages to them, one after the other", over=subgraphs, domain=reals(0), default=0)
    count = given("1", "equal ones that run one after the other", over=subgraphs, domain=reals(0), default=1)
    batch = given("inference", "inputs in a run", domain=reals(0), default="1 inference")
    live = given("1", "elements of activations alive at the fullest moment", domain=reals(0), default=0)
    live_unscaled = given(
        "byte", "bytes beside them, of tensors whose format never changes", domain=reals(0), default="0 byte"
    )  # fmt: skip
    resident = given("1", "elements of all weights", domain=reals(0), default=0)


class PerInput(Model):
    """How much there is of something in each subgraph: what stays, and what every input of a batch adds."""

    subgraphs = index("fused subgraphs", symbol="s")
    batch = given("inference", "inputs in a run", domain=reals(0), symbol="B")
    fixed = given("1", "what is there whatever the batch", over=subgraphs, default=0)
    each = given("1", "what an input adds", over=subgraphs, default=0)

    value = formula("1", fixed + each * batch / one("inference"), "all of it in one run", derived=True)


class BatchedSubgraphs(Subgraphs):
    """The same for a batch of any size: everything is what stays and what every input adds."""

    _run: ClassVar = {"subgraphs": Subgraphs.subgraphs, "batch": Subgraphs.batch}
    mac = PerInput(**_run)
    op = PerInput(**_run)
    activation = PerInput(**_run)
    weight = PerInput(**_run)
    byte = PerInput(**_run)
    row = PerInput(**_run)
    column = PerInput(**_run)
    deep = PerInput(**_run)
    repeat = PerInput(**_run)
    out = PerInput(**_run)
    message = PerInput(**_run)
    live_fixed = given("1", "elements of activations alive whatever the batch", default=0)
    live_each = given("1", "those that an input adds", default=0)
    live_unscaled_fixed = given("1", "bytes beside them, whatever the batch", default=0)
    live_unscaled_each = given("1", "bytes beside them that an input adds", default=0)

    macs = formula("mac", mac.value * one("mac"), derived=True)
    vector_ops = formula("op", op.value * one("op"), derived=True)
    activations = formula("1", activation.value, derived=True)
    weights = formula("1", weight.value, derived=True)
    unscaled = formula("byte", byte.value * one("byte"), derived=True)
    rows = formula("1", row.value, derived=True)
    columns = formula("1", column.value, derived=True)
    depth = formula("1", deep.value, derived=True)
    repeats = formula("1", repeat.value, derived=True)
    sent = formula("1", out.value, derived=True)
    messages = formula("1", message.value, derived=True)
    live = formula("1", live_fixed + live_each * Subgraphs.batch / one("inference"), derived=True)
    live_unscaled = formula(
        "byte", (live_unscaled_fixed + live_unscaled_each * Subgraphs.batch / one("inference")) * one("byte"),
        derived=True,
    )  # fmt: skip
