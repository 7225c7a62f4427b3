"""ResNet-50 on an A100, subgraph by subgraph; on which device it takes least; and the smallest die that runs it."""

import symppa
from symppa.studies.network import analyze
from symppa.studies.networks.comparing import compare_networks

found = analyze("resnet50", "a100_sxm_80gb", precision="fp16", sizes={"batch": 8}, calibration="none")
net = found.facts["network"]
print(f"{found.name}: {net['fused']} fused subgraphs, {found['work']:.4g} GFLOP, bottleneck {net['bottleneck']}")
for name in ("latency", "energy", "power", "peak_memory"):
    one = found.estimates[name]
    print(f"  {name:12}{one.value:.4g} {one.unit}, {one.confidence}")
for row in sorted(net["subgraphs"], key=lambda row: -row["latency"])[:3]:
    print(f"  {row['name']:20}{row['pattern']:26}{row['latency']:.4g} us, {row['bottleneck']}")

print("\nwhat a line of the data sheet buys:")
for given, slope in symppa.sensitivity("resnet50[batch=8]@a100_sxm_80gb", "latency").top(4):
    print(f"  {given:30}{slope:+.3f}")

devices = ["a100_sxm_80gb", "h100_sxm_80gb", "l40s", "t4", "jetson_orin_agx_64gb", "i7_12700k"]
side = compare_networks(
    ["resnet50", "mobilenet_v2"], devices, batches=[1, 8], targets={"latency": "<= 0.5 ms"}, rank="energy",
    calibration="none",
)  # fmt: skip
print(f"\n{side.counts['estimates']} estimates, {side.facts['meet']} within the limits; least energy:")
for network, best in side.facts["recommended"].items():
    print(f"  {network:14}{best['device']}, batch {best['batch']:g}")

die = symppa.design("resnet50_5ms", explain=False)
chosen = ", ".join(f"{name} {die[name]:g}" for name in die.facts["design"])
print(f"\n{die.facts['status']}: {die['area']:.4g} mm2 run ResNet-50 in 5 ms with {chosen}")
