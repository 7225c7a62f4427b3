"""The densest package within 500 W, proved among millions; what binds, and what one per cent more power buys."""

import symppa

best = symppa.design("soc_500w")
proof = best.facts["certificate"]
print(f"{best.facts['status']} among {proof['designs']:,} designs, gap {proof['gap']:g}")
print(f"density {best['compute_density']:.4f} {best.unit('compute_density')}")
for name in best.facts["design"]:
    unit, end = best.unit(name).replace("1", ""), best.facts["at_end"].get(name, "")
    print(f"  {name:30}{best[name]:8g} {unit:10}{end}".rstrip())
for limit in best.facts["limits"]:
    price = limit["price"]
    print(f"{limit['limit']}: {limit['value']:.1f} W, {'binds' if limit['binds'] else 'slack'}")
    print(f"  1 % more power buys {100 * price['looser']['change']:.2f} % more density")

# A question of one's own needs no file: the same range of multiprocessors, at most 300 W, whole numbers of them.
small = symppa.design(
    system="nexgen_baseline",
    maximize="compute_density",
    subject_to={"power": "<= 300 W"},
    free={"chiplet.sms": "16:64", "clock": ["1.5 GHz", "2.9 GHz"]},
)
print(f"{small.facts['status']}: {small['chiplet.sms']:g} multiprocessors at {small['clock']:.3f} GHz")
