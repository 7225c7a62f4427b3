"""What tests of clusters share."""

from __future__ import annotations

import ipaddress
import socket

import pytest


def own_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers talk over this machine's own addresses; nothing else is reached."""
    original = socket.socket.connect

    def guarded(line, address):
        if line.family != socket.AF_UNIX and not ipaddress.ip_address(address[0]).is_loopback:
            raise OSError(f"a test reached for {address}")
        return original(line, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
