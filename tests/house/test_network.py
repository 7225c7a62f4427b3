"""No test can reach the network."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from conftest import NetworkRefusedError


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_does_not_connect(kind):
    with socket.socket(socket.AF_INET, kind) as line, pytest.raises(NetworkRefusedError):
        line.connect(("192.0.2.1", 80))


def test_a_datagram_is_not_sent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, pytest.raises(NetworkRefusedError):
        line.sendto(b"", ("192.0.2.1", 9))


def test_a_name_is_not_looked_up():
    with pytest.raises(NetworkRefusedError):
        socket.getaddrinfo("example.invalid", 80)


def test_a_page_is_not_opened():
    with pytest.raises(NetworkRefusedError):
        urllib.request.urlopen("http://192.0.2.1/")


def test_worker_processes_may_talk():
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"
