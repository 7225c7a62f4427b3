"""Why nothing fits, what a limit costs, and what stands in the way."""
