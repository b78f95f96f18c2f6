"""What is read of a body that is too large: all of it within bounds, so that its sender hears the answer."""

from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from accounts.intake.exchange import DRAINED_BYTES, body_of
from accounts.intake.rules import MAX_BATCH_BYTES, RequestRefused


def asked(stream: BytesIO, length: int) -> WSGIRequest:
    environ = {"wsgi.input": stream, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": "application/json"}
    return RequestFactory().post("/v1/track", **environ)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("length", "read"),
    [(MAX_BATCH_BYTES + 1, MAX_BATCH_BYTES + 1), (10_000_000, 10_000_000), (DRAINED_BYTES + 1, 0)],
    ids=["a byte too many", "10 MB", "beyond patience"],
)
def test_a_body_that_is_too_large_is_heard_out(length: int, read: int) -> None:
    stream = BytesIO(b"a" * length)
    request = asked(stream, length)
    with pytest.raises(RequestRefused) as refused:
        body_of(request)
    assert (refused.value.status, stream.tell()) == (413, read)


def test_a_body_within_bounds_is_read_as_it_is() -> None:
    assert body_of(asked(BytesIO(b'{"a": 1}'), 8)) == b'{"a": 1}'
