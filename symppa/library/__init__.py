"""Every equation of symppa, and nothing else: laws by subject, systems made of them."""
