"""The native reading: C made from a program, compiled by the system's compiler and loaded as a library."""
