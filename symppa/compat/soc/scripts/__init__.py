"""The original's three scripts: what each prints and draws."""
