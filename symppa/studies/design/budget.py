"""The time of one call: what is searched, explained and drawn shares it."""

from __future__ import annotations

from time import perf_counter


class Budget:
    """Seconds from now on; `left` of them are there for whatever comes next."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.start = seconds, perf_counter()

    @property
    def left(self) -> float:
        """What is left of them, no less than 0."""
        return max(self.seconds - self.spent, 0.0)

    @property
    def spent(self) -> float:
        """What the call took so far."""
        return perf_counter() - self.start
