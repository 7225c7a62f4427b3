"""One page that a reviewer can check by hand: a token's energy, the break-even prompt and the best burst."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import symppa
from symppa.exports.bibliography import listed, used
from symppa.library.laws.speculation import OptimalBurst

# What the chip takes for a step is told with its value; how a burst is made of steps is shown with its numbers.
told = ("chip.*", "*.fixed_latency", "*.prompt_latency", "speculative.verification.*")
form = {"fragment": True, "numbers": True, "names": False, "quantities": "told", "width": "190 mm", "points": 8}
names = ["energy", "energy_break_even"]
analog = symppa.export("analog_soc", "latex", names, {"burst": 3, "prompt": 64}, inline=True, told=told, **form)
digital = symppa.export(OptimalBurst, "latex", ["burst", "gain"], {"rate": 0.8, "draft_cost": 0.05}, **form)

# The pieces go into any paper that loads what their first lines ask for.
page = rf"""\documentclass[10pt,a4paper]{{article}}
\usepackage[textwidth=190mm,textheight=281mm]{{geometry}}
\usepackage{{amsmath,array,booktabs,longtable,siunitx,url}}
\sisetup{{per-mode = symbol, group-minimum-digits = 5}}
\pagestyle{{empty}}\setlength{{\parindent}}{{0pt}}
\begin{{document}}\footnotesize
\textbf{{Speculative decoding on an analog chip}}
{analog}
\textbf{{The best burst, where verification takes one plain step}}
{digital}
{listed(used([analog, digital]))}
\end{{document}}
"""
folder = Path(tempfile.mkdtemp())
(folder / "speculation.tex").write_text(page)
counts = [text.count("label{eq:") for text in (analog, digital)]
print(f"{counts[0]} equations of the chip, {counts[1]} of the best burst")
for _ in range(2 if shutil.which("pdflatex") else 0):  # the second run knows the numbers of the equations
    subprocess.run(["pdflatex", "-interaction=batchmode", "speculation"], cwd=folder, check=True, capture_output=True)
