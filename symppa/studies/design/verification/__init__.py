"""Whether a recorded answer holds."""
