"""What operators of neural networks compute and move."""
