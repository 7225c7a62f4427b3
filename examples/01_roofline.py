"""Which workloads of the baseline wait for memory, and how faster memory changes that."""

import symppa

result = symppa.evaluate("nexgen_baseline")
ridge, peak = result["ridge_point"], result["peak_compute"]
print(f"peak {peak:.1f} TFLOPS, {result['memory_bandwidth']:.3f} TB/s, ridge at {ridge:.0f} FLOP/byte")

for name, rate, share in zip(result.coordinates["loads"].values, result["attained"], result["roof_share"], strict=True):
    limit = "arithmetic" if share == 100 else "memory"
    print(f"  {name:<28}{rate:8.3f} TFLOPS{share:8.2f} %  limited by {limit}")

# Faster stacks move the ridge; the peak stays.
grid = symppa.sweep(
    "nexgen_baseline", axes={"stack_bandwidth": "128GB/s:1024GB/s:x2"}, outputs=["ridge_point", "attained"]
)
print("\nbandwidth of a stack, ridge point, rate of attention (FlashAttention)")
for bandwidth, ridge, rates in zip(
    grid.coordinates["stack_bandwidth"].values, grid["ridge_point"], grid["attained"], strict=True
):
    print(f"  {bandwidth:6.0f} GB/s {ridge:6.1f} FLOP/byte {rates[2]:8.3f} TFLOPS")
