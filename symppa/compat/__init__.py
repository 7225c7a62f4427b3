"""Other projects' names and commands, as thin faces on the models."""
