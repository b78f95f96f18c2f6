"""The port of the demo."""

import socket

import pytest

from loyalty.engines import ports
from loyalty.engines.errors import EngineError


def test_a_taken_default_gives_way_to_the_next() -> None:
    with ports.listen(None) as first, ports.listen(None) as second:
        one, two = first.getsockname()[1], second.getsockname()[1]
        assert ports.DEFAULT <= one < two < ports.DEFAULT + ports.TRIES


def test_a_taken_port_that_was_asked_for_is_an_error() -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(EngineError, match=f"port {taken}"):
            ports.listen(taken)


def test_only_this_machine_can_connect() -> None:
    with ports.listen(None) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_none() -> None:
    with pytest.raises(EngineError, match="--port"):
        ports.listen(99999)
