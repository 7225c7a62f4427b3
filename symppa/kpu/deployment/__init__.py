"""From a network and some samples to a program that was checked: its accuracy, its power, and a report."""
