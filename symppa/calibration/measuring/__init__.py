"""Timing operations here: what is timed, how, and what is kept."""
