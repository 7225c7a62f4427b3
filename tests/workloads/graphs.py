"""Random graphs of small images: chains, forks, joins, gates, views."""

from __future__ import annotations

from hypothesis import strategies as st

from symppa.workloads.ir import Graph, Tensor
from symppa.workloads.shapes import Row, built

ALONE = {
    "Conv2d": {"out": 4, "kernel": 3, "padding": 1}, "BatchNorm2d": {}, "ReLU": {}, "SiLU": {}, "Sigmoid": {},
    "GELU": {}, "Dropout": {}, "Identity": {}, "MaxPool2d": {"kernel": 3, "stride": 1, "padding": 1}, "Softmax": {},
    "Linear": {"out": 8}, "LayerNorm": {"shape": [8]}, "Transpose": {"order": [0, 1, 3, 2]},
}  # fmt: skip
TWO = {"add": {}, "mul": {}, "MatMul": {}}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to twenty operators on tensors of [batch, 4, 8, 8], each reading what was written before."""
    names, rows = ["image"], []
    for n in range(draw(st.integers(1, 20))):
        kind = draw(st.sampled_from([*ALONE, *TWO]))
        recent = st.one_of(st.just(names[-1]), st.sampled_from(names))
        reads = tuple(draw(recent) for _ in range(1 if kind in ALONE else 2))
        rows.append(Row(f"n{n}", kind, reads, (ALONE | TWO)[kind]))
        names.append(f"n{n}")
    return built("random", {"image": Tensor("image", ("batch", 4, 8, 8))}, rows, symbols={"batch": 1})


def small(
    *rows: tuple[str, str, tuple[str, ...], dict[str, object]] | tuple[str, str], outputs: tuple[str, ...] = ()
) -> Graph:
    """A graph on an image of [batch, 4, 8, 8]."""
    image = {"image": Tensor("image", ("batch", 4, 8, 8))}
    return built("small", image, [Row(*row) for row in rows], symbols={"batch": 1}, outputs=outputs)
