"""The chiplet SoC: its variants, the best design under 500 W, and how many chiplets fit."""

import symppa

variants = symppa.compare("nexgen_*")
names = variants.coordinates["description"].values
print(f"{'':30}TFLOPS  TFLOPS/mm2       W  TFLOPS/W")
for k, name in enumerate(names):
    row = [variants[n][k] for n in ("peak_compute", "compute_density", "power", "efficiency")]
    print(f"{name:28}{row[0]:8.1f}{row[1]:12.4f}{row[2]:8.1f}{row[3]:10.3f}")
print("recommended:", variants.facts["recommended"])

best = symppa.sweep(
    "nexgen_baseline",
    axes={"chiplet.sms": "16:64:4", "clock": "1.5GHz:3GHz:16"},
    keep="best:3:compute_density",
    where=["power <= 500 W"],
)
print(f"\n{best.counts['feasible']} of {best.counts['designs']} designs stay under 500 W; the densest:")
for sms, clock, density, power in zip(
    *(best[n] for n in ("chiplet.sms", "clock", "compute_density", "power")), strict=True
):
    print(f"  {sms:.0f} SMs at {clock:.1f} GHz: {density:.4f} TFLOPS/mm2, {power:.1f} W")

grown = symppa.sweep("chiplet_scaling", axes={"chiplets": "2:8"}, outputs=["power"], where=["power <= 500 W"])
print(f"\nup to {grown['chiplets'].max():.0f} chiplets stay under 500 W, at {grown['power'].max():.1f} W")

secant = symppa.sensitivity("nexgen_baseline", "compute_density")
for name, slope, over in zip(secant.coordinates["given"].values, secant["elasticity"], secant["secant"], strict=True):
    print(f"  {name:30}elasticity {slope:+.2f}, secant {over:+.2f}")
