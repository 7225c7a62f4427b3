"""Studies: one function per question, on frozen things."""
