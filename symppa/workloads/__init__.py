"""Networks: their graphs, where they come from, and how they are cut into fused subgraphs."""
