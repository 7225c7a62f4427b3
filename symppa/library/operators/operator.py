"""What every operator tells: its arithmetic, what it reads and writes, and the room it takes."""

from symppa.language import Model, formula, given, one, reals, where

MAC = one("mac")


class Operator(Model):
    """One operator of a workload on its own: nothing it reads is there already, nothing it writes stays."""

    element = given("byte", "storage of an activation", domain=reals("0 byte"), default="2 byte", symbol="e")
    weight_element = given(
        "byte", "storage of a weight", domain=reals("0 byte"), default="2 byte", symbol=r"e_\mathrm{w}"
    )

    macs = formula("mac", ..., "multiplications, each with its addition")
    ops = formula("op", ..., "arithmetic operations, two for each mac")
    read = formula("1", ..., "elements of activations read")
    weights = formula("1", ..., "elements of weights read")
    written = formula("1", ..., "elements of activations written")
    workspace = formula("1", 0, "elements of room for what it makes on the way", derived=True)

    traffic = formula("byte", (read + written) * element + weights * weight_element, "bytes moved", derived=True)
    footprint = formula(
        "byte",
        (read + written + workspace) * element + weights * weight_element,
        "room that operands, weights, results and what is made on the way take at once",
        derived=True,
    )
    intensity = formula(
        "op/byte", where(traffic > 0, ops / traffic, 0), "work per byte moved", derived=True, symbol="I"
    )


class MatrixOperator(Operator):
    """An operator that is so many matrix products of one size: `rows` by `columns`, `depth` products added up."""

    rows = formula("1", ..., "rows of a product")
    columns = formula("1", ..., "columns of a product")
    depth = formula("1", ..., "products that are added up for an element")
    repeats = formula("1", ..., "products of this size")

    macs = formula("mac", repeats * rows * columns * depth * MAC, derived=True)
    ops = formula("op", macs, derived=True)


class VectorOperator(Operator):
    """An operator without matrix products."""

    macs = formula("mac", 0 * MAC, derived=True)
