"""What is calibrated of a network: its primitives, the fits they meet, and the sum of them."""
