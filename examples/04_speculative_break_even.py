"""Where speculation pays on an analog chip: the closed form, its certificate, the best burst and acceptance."""

import symppa
from symppa.library.laws.speculation import OptimalBurst
from symppa.studies.break_even import break_even
from symppa.studies.speculate import speculate

# Energy and time of a burst are affine in the prompt, so both break-even prompts are quotients.
soc = symppa.evaluate("analog_soc", {"acceptance.rate": 0.9, "burst": 3})
print(f"speculation saves time below   {soc['latency_break_even']:7.1f} tokens")
print(f"speculation saves energy below {soc['energy_break_even']:7.1f} tokens: never")

# The same answer without the formula, proved on the program.
told = {"acceptance.rate": 0.9, "burst": 3}
found = break_even("analog_soc", "latency", "plain_latency", "prompt", told, within="0:4096")
print(f"{found.facts['method']}: {found['break_even'][0]:.1f} tokens")

# How many of the drafted tokens must be accepted, certified by interval bounds.
found = break_even("analog_soc", "latency", "plain_latency", "acceptance.rate", {"burst": 3, "prompt": 64})
print(f"at 64 tokens it takes an acceptance of {found['break_even'][0]:.4f}")

# The best burst at every prompt, for a network that the file does not describe.
for best in speculate("llama3_2_1b", "analog_soc", prompt="16:256:x2", burst="1:16", acceptance=0.9).facts["best"]:
    print(f"prompt {best['prompt']:4.0f}: burst {best['burst']:2.0f}, {best['speed_up']:.2f} times as fast")

# On a digital machine a draft costs r of a step and verification one: the best burst by Lambert W.
best = symppa.evaluate(OptimalBurst, {"rate": 0.8, "draft_cost": 0.05})
print(f"digital: burst {best['burst']:.0f} near {best['stationary']:.2f}, {best['gain']:.2f} times as fast")
