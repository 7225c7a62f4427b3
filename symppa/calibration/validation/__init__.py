"""Measured against estimated: errors, intervals, and their record over time."""
