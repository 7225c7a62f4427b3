"""Speed and accuracy, measured: `python -m benchmarks NAME [--json]` from a checkout."""
