"""How long a subgraph takes: by the data sheet, or as calibrated where it is."""

from symppa.language import Model, formula, given, index, largest, reals, where


class Timing(Model):
    """The time of a subgraph from what its sides take; how it is told is left to its kinds."""

    subgraphs = index("fused subgraphs", symbol="s")
    traffic = given("byte", "bytes of a subgraph", domain=reals(0))
    start = given("us", "time until a subgraph runs", domain=reals(0), default="0 us")
    compute = given("us", "time of its arithmetic", domain=reals(0))
    memory = given("us", "time of its transfers", domain=reals(0))
    link = given("us", "time of its messages to other devices", domain=reals(0), default="0 us")

    time = formula("us", ..., "time of a subgraph, its messages last; a view, which moves nothing, starts nothing")


class DataSheet(Timing):
    """Every subgraph takes what its slower side takes, and a start."""

    time = formula(
        "us",
        where(Timing.traffic > 0, Timing.start + largest(Timing.compute, Timing.memory) + Timing.link, 0),
        source="williams2009",
    )  # fmt: skip


class Calibrated(Timing):
    """What was calibrated where something was, by the data sheet elsewhere; messages are added to both."""

    measured = given(
        "us", "calibrated time of a subgraph without its messages; 0 where there is none", over=Timing.subgraphs,
        domain=reals(0), default="0 us",
    )  # fmt: skip
    sheet = DataSheet(
        traffic=Timing.traffic, start=Timing.start, compute=Timing.compute, memory=Timing.memory, link=Timing.link
    )

    time = formula("us", where(measured > 0, measured + Timing.link, sheet.time), derived=True)
