"""Profiles: what was fitted, as a file and back, and what of it is at hand for a device."""
