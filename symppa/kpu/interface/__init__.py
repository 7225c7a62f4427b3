"""What compilers, runtimes and simulators of the KPU agree on: configuration, program, results."""
