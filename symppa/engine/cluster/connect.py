"""A client of a cluster: of workers on this machine, or of a scheduler elsewhere that has the same symppa."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from symppa.engine.walk import cores
from symppa.errors import ClusterError, MissingPackageError, QuestionError
from symppa.version import __version__

LOCAL = re.compile(r"local(?::(?P<count>\d+))?")
PATIENCE = 10  # seconds until a scheduler has answered and has workers
SILENT = 60  # a logging level above critical


@contextmanager
def workers(told: Any) -> Iterator[Any]:
    """A client of `local`, `local:4`, the address of a scheduler, a dask Client or Cluster; ends what it began."""
    distributed = _distributed()
    with ExitStack() as stack:
        if isinstance(told, distributed.Client):
            client = told
        else:
            client = stack.enter_context(_client(distributed, told, stack))
        _check(client)
        yield client


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingPackageError(error.name or "distributed", "cluster", "a cluster") from None
    return distributed


def _client(distributed: Any, told: Any, stack: ExitStack) -> Any:
    local = LOCAL.fullmatch(told) if isinstance(told, str) else None
    if local is None and isinstance(told, str) and "://" not in told and not re.fullmatch(r"[^:/\s]+:\d+", told):
        raise QuestionError(f"cluster {told!r} is not understood; it is local, local:4 or the address HOST:PORT")
    if local is not None:
        told = stack.enter_context(_local(distributed, local["count"]))
    else:
        stack.enter_context(distributed.utils.silence_logging_cmgr(SILENT))
    try:
        return distributed.Client(told, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {told} ({error}): start one with `dask scheduler`, or ask for local"
        ) from None


def _local(distributed: Any, count: str | None) -> Any:
    """Workers of one thread each on this machine, quiet, gone with the context."""
    number = int(count) if count is not None else cores()
    if number < 1:
        raise QuestionError("local:0 has no workers: ask for at least 1")
    made = distributed.LocalCluster(
        n_workers=number,
        threads_per_worker=1,
        processes=True,
        memory_limit="auto",
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        silence_logs=SILENT,
        preload=[UNDISTURBED],
    )
    made.adapt(minimum=number, maximum=number, interval="1s")  # brings back what ended while it started
    return made


# Ctrl-C on a terminal reaches every process of it; when to stop is for the one that asked to decide.
UNDISTURBED = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"


def _check(client: Any) -> None:
    """Refuse a cluster that cannot give the same numbers."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise ClusterError(f"the scheduler at {_place(client)} has no workers: start some with `dask worker`") from None

    def told() -> str | None:
        try:
            from symppa.version import __version__ as found
        except ImportError:
            return None
        return found

    for address, found in client.run(told).items():
        if found != __version__:
            has = f"has symppa {found}" if found else "has no symppa"
            raise ClusterError(f"the worker {address} {has}, this is symppa {__version__}: install it there")


def _place(client: Any) -> str:
    return str(client.scheduler.address)
