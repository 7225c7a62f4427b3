"""What holds for every test and doctest: no network, no trace in the user's cache, no window."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import settings

# A shared machine is slow at times; that is no failure.
settings.register_profile("symppa", deadline=None)
settings.load_profile("symppa")

CLOSED = ("connect", "connect_ex", "sendto", "sendmsg")
LOOKUPS = ("create_connection", "getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")


class NetworkRefusedError(RuntimeError):
    """A test reached for the network."""


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise NetworkRefusedError("symppa needs no network at run time: use files made by the test")


def _local_only(name: str) -> Any:
    original = getattr(socket.socket, name)

    def guarded(self: socket.socket, *args: Any, **kwargs: Any) -> Any:
        # Unix sockets never leave the machine; worker processes talk through them.
        return original(self, *args, **kwargs) if self.family == socket.AF_UNIX else _refuse()

    return guarded


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CLOSED:
        monkeypatch.setattr(socket.socket, name, _local_only(name))
    for name in LOOKUPS:
        monkeypatch.setattr(socket, name, _refuse)


@pytest.fixture(autouse=True, scope="session")
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMPPA_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("COLUMNS", "100")
        for name in ("SYMPPA_PATH", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True)
def own_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doctests write where nobody looks."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))
