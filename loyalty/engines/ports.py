"""The address that the demo listens on."""

import socket

from loyalty.engines.errors import EngineError

HOST = "127.0.0.1"
DEFAULT = 8000
TRIES = 100


def listen(port: int | None) -> socket.socket:
    """Take a port: the one asked for, else the first free one from 8000 on.

    The open socket is handed to the web process, so nobody can take the port in
    between, and it stays ours while that process is restarted. Raises
    EngineError when the port asked for is taken.
    """
    wanted = range(DEFAULT, DEFAULT + TRIES) if port is None else (port,)
    for number in wanted:
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((HOST, number))
            taken.listen(512)
            return taken
        except (OSError, OverflowError) as error:
            taken.close()
            if port is not None:
                raise EngineError(f"Cannot listen on port {port}: {error}. Choose another with --port.") from error
    raise EngineError(f"No port from {DEFAULT} to {DEFAULT + TRIES - 1} is free. Choose one with --port.")
