"""The order of steps that takes the least room: a search over sets of steps that are done, with a proof.

A state is the set of steps that are done; what is alive then does not depend on their order. The cheapest way into
each state is found as in Dijkstra's algorithm, the fullest moment taking the place of the length. A chain of ready
steps that ends with no more alive than it began with, and on its way stays within the fullest moment so far, is run at
once: moved to the front of any order it makes that order no worse. So a network costs about as many states as it has
steps where it is narrow, and only branches of one block multiply. What cannot be avoided at each step (its own
tensors, and those that come before it and are wanted after it) bounds the peak from below.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

STATES = 20_000  # looked at before the best order known is taken
WIDTH = 32  # states kept after each step where the search was stopped


@dataclass(frozen=True)
class Step:
    """What one step reads and writes."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """An order of steps, the room at its fullest moment, and the least that any order takes as far as is proved."""

    steps: tuple[int, ...]
    peak: int
    bound: int
    states: int

    @property
    def proved(self) -> bool:
        """Whether no order takes less."""
        return self.peak == self.bound


@dataclass(frozen=True)
class State:
    """Steps that are done and those that may be next, as bits; what is alive, the fullest moment, the way here."""

    done: int
    ready: int
    alive: int
    peak: int
    way: tuple[int, ...] = ()
    before: State | None = None

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that are done, in their order."""
        ways, state = [self.way], self.before
        while state is not None:
            ways.append(state.way)
            state = state.before
        return tuple(step for way in reversed(ways) for step in way)


def least_peak(
    steps: Sequence[Step], sizes: Mapping[str, int], given: Sequence[str], kept: Sequence[str], states: int = STATES
) -> Order:
    """The order of steps that takes the least room for tensors of some sizes; `kept` ones live to the end.

    >>> fork = [Step(("x",), ("a",)), Step(("x",), ("b",)), Step(("a",), ("c",)), Step(("b", "c"), ("y",))]
    >>> least_peak(fork, {"x": 4, "a": 9, "b": 3, "c": 1, "y": 1}, ["x"], ["y"]).steps
    (0, 2, 1, 3)
    """
    board = Board(tuple(steps), sizes, tuple(given), tuple(kept))
    bound = board.unavoidable
    known = min((board.told, board.beam(1)), key=lambda state: state.peak)
    if known.peak <= bound:
        return Order(known.steps, known.peak, known.peak, 0)
    return board.search(known, bound, states)


@dataclass(frozen=True)
class Board:
    """Steps and tensors as bits and numbers."""

    steps: tuple[Step, ...]
    sizes: Mapping[str, int]
    given: tuple[str, ...]
    kept: tuple[str, ...]

    @cached_property
    def writers(self) -> dict[str, int]:
        """The step that writes a tensor."""
        return {name: number for number, step in enumerate(self.steps) for name in step.writes}

    @cached_property
    def readers(self) -> dict[str, int]:
        """The steps that read a tensor, as bits; one that is kept has a reader that is never done."""
        found = dict.fromkeys((*self.given, *self.writers), 0)
        for number, step in enumerate(self.steps):
            for name in step.reads:
                found[name] |= 1 << number
        for name in self.kept:
            found[name] |= 1 << len(self.steps)
        return found

    @cached_property
    def needs(self) -> tuple[int, ...]:
        """The steps that come right before each one, as bits."""
        return tuple(
            sum({1 << self.writers[name] for name in step.reads if name in self.writers}) for step in self.steps
        )

    @cached_property
    def followers(self) -> tuple[tuple[int, ...], ...]:
        """The steps that come right after each one."""
        found: list[list[int]] = [[] for _ in self.steps]
        for number, needs in enumerate(self.needs):
            for before in bits(needs):
                found[before].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def written(self) -> tuple[int, ...]:
        """Room that each step writes."""
        return tuple(sum(self.sizes[name] for name in step.writes) for step in self.steps)

    @cached_property
    def freed(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Tensors that may go after each step: their readers and their room; what nobody reads goes at once."""
        return tuple(
            tuple((self.readers[name], self.sizes[name]) for name in dict.fromkeys((*step.reads, *step.writes)))
            for step in self.steps
        )

    @cached_property
    def start(self) -> State:
        """Nothing is done: what is given is alive where somebody reads it."""
        ready = sum(1 << number for number, needs in enumerate(self.needs) if not needs)
        alive = sum(self.sizes[name] for name in self.given if self.readers[name])
        return State(0, ready, alive, sum(self.sizes[name] for name in self.given))

    @property
    def told(self) -> State:
        """The steps in the order in which they were told."""
        state = self.start
        for number in range(len(self.steps)):
            state = self.after(state, number)
        return state

    @cached_property
    def unavoidable(self) -> int:
        """Room that no order can do without."""
        ancestors: list[int] = []
        for needs in self.needs:  # steps are told in an order in which they may run
            ancestors.append(needs | _union(ancestors[number] for number in bits(needs)))
        later = [0] * len(self.steps)
        for number, above in enumerate(ancestors):
            for one in bits(above):
                later[one] |= 1 << number
        most, end = self.start.peak, 1 << len(self.steps)
        for number, above in enumerate(ancestors):
            wanted = 1 << number | later[number] | end
            earlier = (n for n in self.readers if n not in self.writers or above >> self.writers[n] & 1)
            room = sum(self.sizes[name] for name in earlier if self.readers[name] & wanted)
            most = max(most, room + self.written[number])
        return most

    def after(self, state: State, number: int) -> State:
        """The state once a ready step is done."""
        done = state.done | 1 << number
        full = state.alive + self.written[number]
        alive = full - sum(room for readers, room in self.freed[number] if not readers & ~done)
        ready = state.ready & ~(1 << number)
        for follower in self.followers[number]:
            if not self.needs[follower] & ~done:
                ready |= 1 << follower
        return State(done, ready, alive, max(state.peak, full), (number,), state)

    def settled(self, state: State) -> State:
        """The state after all chains that cost nothing."""
        going = True
        while going:
            going = False
            for number in bits(state.ready):
                further = self._chain(state, number)
                if further is not None:
                    state, going = further, True
                    break
        return state

    def _chain(self, state: State, number: int) -> State | None:
        """The state after a chain that begins with a ready step, once no more is alive than before it."""
        begin = state
        while True:
            ready = state.ready
            state = self.after(state, number)
            if state.peak > begin.peak:
                return None
            if state.alive <= begin.alive:
                return state
            woken = state.ready & ~ready
            if woken & (woken - 1) or not woken:
                return None
            number = woken.bit_length() - 1

    def search(self, known: State, bound: int, most: int) -> Order:
        """The best order, or the best found where the search had to be stopped."""
        everything = (1 << len(self.steps)) - 1
        first = self.settled(self.start)
        heap: list[tuple[int, int, int, State]] = [(first.peak, 0, 0, first)]
        least, looked, pushed = {first.done: first.peak}, 0, 0
        while heap:
            peak, _, _, state = heapq.heappop(heap)
            if peak > least[state.done]:
                continue
            bound = max(bound, min(peak, known.peak))
            if state.done == everything or peak >= known.peak:
                best = state if peak < known.peak else known
                return Order(best.steps, best.peak, best.peak, looked)
            if looked == most:
                break
            looked += 1
            for number in bits(state.ready):
                further = self.after(state, number)
                if further.peak >= min(known.peak, least.get(further.done, known.peak)):
                    continue
                least[further.done] = further.peak
                further = self.settled(further)
                if further.peak <= least.get(further.done, further.peak):
                    least[further.done] = further.peak
                    pushed += 1
                    heapq.heappush(heap, (further.peak, -further.done.bit_count(), pushed, further))
        found = min((known, self.beam(WIDTH)), key=lambda state: state.peak) if heap else known
        return Order(found.steps, found.peak, bound if heap else found.peak, looked)

    def beam(self, width: int) -> State:
        """A good order: after each step only the states with the least peak go on, the least alive first."""
        everything = (1 << len(self.steps)) - 1
        states = [self.settled(self.start)]
        while any(state.done != everything for state in states):
            further: dict[int, State] = {}
            for state in states:
                for number in bits(state.ready):
                    one = self.settled(self.after(state, number))
                    known = further.get(one.done)
                    if known is None or one.peak < known.peak:
                        further[one.done] = one
                if state.done == everything:
                    further[state.done] = state
            states = sorted(further.values(), key=lambda one: (one.peak, one.alive))[:width]
        return states[0]


def bits(mask: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first.

    >>> list(bits(0b1101))
    [0, 2, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _union(masks: Iterator[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
