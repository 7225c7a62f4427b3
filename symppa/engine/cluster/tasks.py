"""Tasks on the workers of a cluster: handed out a few at a time, waited for, and what went wrong in words."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from symppa.engine.walk import Progress
from symppa.errors import ClusterError

GLANCE = 0.2  # seconds between two looks at Ctrl-C
LONELY = 60.0  # seconds without any worker
AHEAD = 4  # windows handed out for each thread of the workers
LARGE = "distributed.admin.large-graph-warning-threshold"


def hand(client: Any, thing: Any) -> Any:
    """A future of something every worker gets once: made by a task, so that no worker's end can lose it."""
    import dask

    with dask.config.set({LARGE: "1 TiB"}):
        return client.submit(_same, thing, pure=False)


def _same(thing: Any) -> Any:
    return thing


def finished(
    client: Any,
    work: Callable[[Any, int], Any],
    common: Any,
    numbers: Sequence[int],
    progress: Progress | None,
    done: int = 0,
) -> Generator[tuple[int, Any], None, None]:
    """Futures of `work(common, number)` as they finish, each with its number; open ones are cancelled at the end."""
    ended: SimpleQueue[Any] = SimpleQueue()
    left, total = iter(numbers), done + len(numbers)
    open_: dict[Any, int] = {}
    room, patience = AHEAD * threads(client), Patience(client)

    def fill() -> None:
        while len(open_) < room and (number := next(left, None)) is not None:
            future = client.submit(work, common, number, pure=False)
            open_[future] = number
            future.add_done_callback(ended.put)

    try:
        fill()
        while open_:
            try:
                future = ended.get(timeout=GLANCE)
            except Empty:
                future = None
                patience.look()
            if future is not None:
                number = open_.pop(future)
                fill()
                _refuse_failed(future)
                done += 1
                yield number, future
            if progress is not None:
                progress(done, total)
    finally:
        if open_:
            client.cancel(list(open_), force=True)


def threads(client: Any) -> int:
    """Threads of all workers; one where workers are yet to come back."""
    return max(1, sum(int(count) for count in client.nthreads().values()))


class Patience:
    """Waits for workers to come back, but not forever."""

    def __init__(self, client: Any) -> None:
        self.client, self.seen = client, monotonic()

    def look(self) -> None:
        """Give up where there have been no workers for a while."""
        with suppress(OSError):  # a lost connection ends the futures by itself
            if self.client.nthreads():
                self.seen = monotonic()
        alone = monotonic() - self.seen
        if alone > LONELY:
            raise ClusterError(f"there have been no workers for {alone:.0f} s: what was finished is kept")


def _refuse_failed(future: Any) -> None:
    """Raise what went wrong in a task; one that is lost with its worker is done again, and is no failure."""
    if future.status in ("error", "cancelled"):
        value_of(future)


def _await(future: Any) -> None:
    ended: SimpleQueue[Any] = SimpleQueue()
    future.add_done_callback(ended.put)
    patience = Patience(future.client)
    while True:
        try:
            ended.get(timeout=GLANCE)
            return
        except Empty:
            patience.look()


def value_of(future: Any) -> Any:
    """The value of a future, which may have to be computed again; an end of the cluster in words."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    _await(future)
    try:
        return future.result()
    except KilledWorker as error:
        raise ClusterError(
            f"every worker that computed a window ended, the last of {error.allowed_failures + 1} at "
            f"{error.last_worker.address}: their memory may be too small for it"
        ) from None
    except (CancelledError, CommClosedError, TimeoutError) as error:
        why = "" if isinstance(error, CancelledError) else f" ({error})"
        raise ClusterError(f"a window was lost: the scheduler or the connection to it ended{why}") from None
