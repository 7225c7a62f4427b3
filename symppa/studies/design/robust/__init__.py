"""Limits that hold for whatever is uncertain."""
