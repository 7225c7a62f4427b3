"""Ten million packages in a 3 nm node: how many stay under 700 W, the cheapest rate, the front, and the spread."""

import symppa

AXES = {
    "chiplets": "1:8",
    "chiplet.sms": "8:107",
    "chiplet.l2": "4MB:64MB:25",
    "stacks": "1:10",
    "clock": "1.0GHz:2.9GHz:50",
}
LIMIT = ["power <= 700 W"]

# Compiled where a C compiler is found, in all cores; the same numbers by numpy where none is.
best = symppa.sweep("physical_nexgen", axes=AXES, keep="best:3:cost_per_throughput:min", where=LIMIT)
counts = best.counts
print(f"{counts['designs']:,} designs, {counts['feasible']:,} under 700 W, {counts['invalid']:,} run away thermally")
print(f"\ncheapest rate, in {best.unit('cost_per_throughput')}:")
for chiplets, sms, cache, stacks, clock, cost in zip(*(best[n] for n in [*AXES, "cost_per_throughput"]), strict=True):
    memory = f"{cache:.0f} MB, {stacks:.0f} stacks"
    print(f"  {chiplets:.0f} x {sms:.0f} multiprocessors at {clock:.2f} GHz, {memory}: {cost:.3f}")

front = symppa.pareto(
    "physical_nexgen", axes=AXES, objectives={"peak_compute": "max", "power": "min", "cost": "min"}, where=LIMIT
)
print(f"\n{front['power'].size} designs are not beaten in rate, power and cost at once")

spread = symppa.sweep("physical_nexgen", axes=AXES, keep="quantiles:power,cost:0.05,0.5,0.95")
for name in ("power", "cost"):
    low, middle, high = spread[name]
    unit = spread.unit(name)
    print(f"{name}: half of the designs below {middle:.0f} {unit}, nine in ten between {low:.0f} and {high:.0f}")
