"""A POST to an address that somebody typed in: never to a private network, whatever the name resolves to.

The name is resolved once, every answer is looked at, and the connection goes to
the address that was looked at: a name that says something else a moment later
(rebinding) changes nothing. Redirects are not followed, proxies of the
environment are not used, only so much of the answer is read, and only for so long.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
# Each piece of an answer may take ANSWER_SECONDS; whoever sends piece after piece is hung up on.
WHOLE_SECONDS = 20.0
ANSWER_BYTES = 64 * 1024
# These carry an IPv4 address at their end: what counts is that one.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# 6to4 and Teredo carry one too, in the middle; nobody is reached that way any more.
_TUNNELS = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))

# Older Pythons take these for global.
_PROTOCOL_ASSIGNMENTS = ipaddress.IPv4Network("192.0.0.0/24")


class AddressRefused(Exception):
    """Nothing is sent there: the address is not https, names nobody, or leads into a private network."""


class NoAnswer(Exception):
    """Nobody answered, or not in time, or not by HTTP."""


@dataclass(frozen=True)
class Answer:
    """What came back, also a redirect; `retry_after` in seconds, None when the receiver names no such time."""

    status: int
    text: str
    retry_after: int | None


def check_address(url: str) -> SplitResult:
    """The parts of an https address with a name in it; raises AddressRefused. Resolves nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not an address.") from error
    if parts.scheme != "https":
        raise AddressRefused("The address must begin with https://.")
    if not parts.hostname or parts.username or parts.password or not url.isascii() or not url.isprintable():
        raise AddressRefused("The address must name a host, and nothing before it.")
    if " " in url or port == 0:
        raise AddressRefused("This is not an address.")
    return parts


def is_public(address: str) -> bool:
    """Whether this IP address is one of the open internet, also when it hides an IPv4 address inside."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.is_site_local or int(ip) >> 32 == 0 or any(ip in tunnel for tunnel in _TUNNELS):
            return False
    if ip in _PROTOCOL_ASSIGNMENTS:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses that a name has now. Raises NoAnswer when it has none, AddressRefused when one is private."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"{host} cannot be found.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(is_public(address) for address in addresses):
        raise AddressRefused(f"{host} leads into a private network.")
    return addresses


def tls() -> ssl.SSLContext:
    """How the receiver is known: by the certificates that the machine trusts."""
    return ssl.create_default_context()


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was looked at; name and certificate stay those of the host."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS, context=tls())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        plain.settimeout(ANSWER_SECONDS)
        try:
            self.sock = tls().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


@contextmanager
def _hung_up_after(line: _Pinned, seconds: float) -> Iterator[None]:
    """Break a conversation that goes on for longer; what reads from it then sees its end."""

    def hang_up() -> None:
        with suppress(OSError):
            if line.sock:
                line.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST to a public https address, once. Raises AddressRefused (nothing was sent) and NoAnswer."""
    parts = check_address(url)
    host, port = parts.hostname or "", parts.port or 443
    line = _Pinned(host, port, addresses_of(host, port)[0])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _hung_up_after(line, WHOLE_SECONDS):
            line.request("POST", target, body, dict(headers))
            response = line.getresponse()
            text = response.read(ANSWER_BYTES).decode("utf-8", "replace")
        wait = response.headers.get("Retry-After", "")
        return Answer(response.status, text, int(wait) if wait.isascii() and wait.isdigit() else None)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"{host} did not answer: {error}") from error
    finally:
        line.close()
