"""The command line: one file per verb. Load, ask, print."""
