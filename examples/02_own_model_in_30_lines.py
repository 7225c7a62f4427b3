"""A model of one's own: an array fed by one memory. The class checks its units; the rest is asked of it."""

from symppa import Model, ceil_div, evaluate, formula, given, integers, largest, sensitivity, sweep


class Accelerator(Model):
    """An array of multipliers and a memory that work at the same time."""

    rows = given("1", "rows of work")
    row_macs = given("mac", "work of one row")
    lanes = given("1", "rows worked on at once", domain=integers(1, 4096))
    lane_rate = given("mac/cycle", "work of one lane in a cycle")
    clock = given("GHz", "clock", symbol="f")
    traffic = given("MB", "bytes moved in one run")
    bandwidth = given("GB/s", "memory bandwidth", symbol=r"\beta")

    compute_time = formula(
        "us", ceil_div(rows, lanes) * row_macs / (lane_rate * clock), "time of the array", derived=True
    )
    memory_time = formula("us", traffic / bandwidth, "time of the memory", derived=True)
    latency = formula("us", largest(compute_time, memory_time), "time of one run", source="williams2009")


EDGE = {"rows": 1000, "row_macs": 65536, "lanes": 128, "lane_rate": 16, "clock": "1 GHz", "traffic": "4 MB"}
EDGE |= {"bandwidth": "100 GB/s"}

print(f"latency {evaluate(Accelerator(), EDGE)['latency']:.4g} us")
grid = sweep(Accelerator(), EDGE, axes={"lanes": [32, 64, 125, 128]}, outputs=["latency"])
print("lanes and latency:", dict(zip([32, 64, 125, 128], grid["latency"].round(3).tolist(), strict=True)))
for name, slope in sensitivity(Accelerator(), "latency", EDGE | {"lanes": 64}).top(5):
    print(f"  {name:10}{slope:+.2f}")
print(Accelerator()._repr_latex_())
