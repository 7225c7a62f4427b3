"""Several objectives: the designs that no other beats."""
