"""The engine: one program, many readings."""
