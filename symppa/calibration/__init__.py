"""What was timed, and what is fitted to it."""
