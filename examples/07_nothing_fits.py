"""2 TFLOPS/mm2 within 500 W: no design of the requirements' ranges has it, and here is what stands in the way."""

import symppa

answer = symppa.design("soc_prd")
print(f"{answer.facts['status']}: {' and '.join(answer.facts['asked']['limits'])}")
for member in answer.facts["conflict"]["members"]:
    if member["reached"] is not None:
        alone = "alone enough" if not member["breaks"] else f"but breaks {', '.join(member['breaks'])}"
        unit = "" if member["unit"] == "1" else f" {member['unit']}"
        print(f"  {member['text']:42}{member['asked']:g} must become {member['reached']:.4g}{unit}: {alone}")
print("nearest:", ", ".join(f"{n} {v['value']:g}" for n, v in answer.facts["nearest"]["design"].items()))
for limit in answer.facts["nearest"]["limits"]:
    print(f"  {limit['limit']}: {limit['value']:.4g} {limit['unit']}")
