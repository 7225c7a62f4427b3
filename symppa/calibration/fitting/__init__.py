"""Laws fitted to measurements: coefficients, ratios, intervals, and what to measure next."""
