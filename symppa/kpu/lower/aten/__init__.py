"""Operators of ATen: torch.export and torch.compile both speak in them."""
