"""How far measurements cover a network, what is at risk, and what closes the gaps."""
