"""Requests to addresses that somebody typed in: none into a private network, whatever the name says."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from loyalty.core import outward
from loyalty.core.outward import AddressRefused, NoAnswer, is_public, post

PRIVATE = (
    *("127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0"),
    *("fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "not an address"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_in_any_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "example.com", "", "https://", "https:///x", "//example.com/"),
        *("https://user@example.com/", "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/"),
        *("https://example.com/\r\nX: y", "https://exämple.com/", "https://[::1", "javascript:alert(1)"),
    ],
)
def test_what_is_no_address_is_sent_nothing(url: str) -> None:
    with pytest.raises(AddressRefused):
        outward.check_address(url)


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0"],
)
def test_no_packet_leaves_for_a_name_of_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("It was connected to.")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises((AddressRefused, NoAnswer)):
        post(f"https://{host}/", b"{}", {})


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(AddressRefused, match="private network"):
        post("https://hooks.example.com/", b"{}", {})


class Receiver(BaseHTTPRequestHandler):
    """Keeps what came, and answers what the test wants."""

    got: list[tuple[str, str, bytes]]
    answer: tuple[int, dict[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, self.headers["Host"], body))
        status, headers = self.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"taken" * 100_000)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[Receiver], int]]:
    """hooks.example.com on this machine, taken for public, with a certificate that is trusted here."""
    certificate = _certificate(tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    kind = type("Kept", (Receiver,), {"got": [], "answer": (200, {})})
    server = HTTPServer(("127.0.0.1", 0), kind)
    server.socket = server_side.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(outward, "tls", lambda: ssl.create_default_context(cafile=str(certificate)))
    monkeypatch.setattr(outward, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", _rebinding(server.server_port))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kind, server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def _rebinding(port: int):  # type: ignore[no-untyped-def]
    """A name server that says the right thing once, and another address ever after; numbers stay what they are."""
    answers = iter(["127.0.0.1"])

    def resolve(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        ip = host if host[0].isdigit() else next(answers, "192.0.2.66")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    return resolve


def _certificate(folder: Path) -> Path:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    names = x509.SubjectAlternativeName([x509.DNSName("hooks.example.com"), x509.IPAddress(ip_address("192.0.2.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "certificate.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_it_goes_to_the_address_that_was_looked_at(receiver: tuple[type[Receiver], int]) -> None:
    kind, port = receiver
    answer = post(f"https://hooks.example.com:{port}/services/x?a=1", b'{"text": "hi"}', {"X-Is": "there"})
    assert (answer.status, len(answer.text)) == (200, outward.ANSWER_BYTES)
    assert kind.got == [("/services/x?a=1", f"hooks.example.com:{port}", b'{"text": "hi"}')]


def test_a_redirect_is_an_answer_and_not_followed(receiver: tuple[type[Receiver], int]) -> None:
    kind, port = receiver
    kind.answer = (307, {"Location": "https://192.0.2.66/", "Retry-After": "30"})
    answer = post(f"https://hooks.example.com:{port}/", b"{}", {})
    assert (answer.status, answer.retry_after, len(kind.got)) == (307, 30, 1)


def test_another_name_in_the_certificate_is_no_answer(receiver: tuple[type[Receiver], int]) -> None:
    kind, port = receiver
    with pytest.raises(NoAnswer):
        post(f"https://other.example.com:{port}/", b"{}", {})
    assert kind.got == []


def test_who_answers_a_byte_at_a_time_is_hung_up_on(
    receiver: tuple[type[Receiver], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, port = receiver
    begun, hung_up = threading.Event(), threading.Event()

    class WhenBegun(threading.Thread):
        """A timer whose time has come once the receiver is answering."""

        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            super().__init__(daemon=True)
            assert seconds == outward.WHOLE_SECONDS
            self.function = function

        def run(self) -> None:
            if begun.wait(30):
                self.function()

        def cancel(self) -> None:
            """Its time has come already."""

    monkeypatch.setattr(threading, "Timer", WhenBegun)

    def drip(self: Receiver) -> None:
        begun.set()
        try:
            while True:
                self.wfile.write(b"x")
                self.wfile.flush()
        except OSError:
            hung_up.set()

    monkeypatch.setattr(kind, "do_POST", drip)
    monkeypatch.setattr(http.client, "_MAXLINE", 10**12)
    with pytest.raises(NoAnswer):
        post(f"https://hooks.example.com:{port}/", b"{}", {})
    assert hung_up.wait(30)
