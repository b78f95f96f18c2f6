"""Fault row 29: every signed way in, with a bad signature, too early, too late, again, and in rotation."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.faults.ways import Answer, Way, call

LATE = timedelta(seconds=301)
_numbers = count(1)


@dataclass(frozen=True)
class Found:
    """One thing that was tried at one way in, what should come of it, and whether it did."""

    way: str
    tried: str
    answer: Answer
    is_right: bool


def try_all(address: str, source_id: int, ways: list[Way]) -> list[Found]:
    """Try everything at every way; the first secret of each is set here, and the others take over from it."""
    return [found for way in ways for found in _try(address, source_id, way)]


def _try(address: str, source_id: int, way: Way) -> list[Found]:
    from accounts.intake.models import IntakeBatch
    from accounts.sources.models import Source
    from accounts.sources.secrets import keep_secret

    source = Source.objects.get(pk=source_id)
    first, second, third = way.secrets
    keep_secret(source, way.scheme, first, acting_user=None)
    found: list[Found] = []

    def send(
        tried: str,
        secret: str,
        *,
        shift: timedelta = timedelta(),
        changed: bool = False,
        fresh: bool = True,
        expected: str,
    ) -> None:
        number = next(_numbers) if fresh else last[0]
        last[:] = [number]
        body = json.dumps(way.body(number)).encode()
        headers = way.headers(secret, f"http://{address}{way.path}", body, datetime.now(UTC) + shift)
        before = _accepted()
        answer = call(address, way.path, body + b" " if changed else body, headers)
        effect, refused = _accepted() - before, answer.status in (400, 401)
        told = {
            "taken in": answer.status == 200 and effect == 1 and answer.content.get("accepted") == 1,
            "refused": refused and effect == 0,
            "no effect": answer.status == 200 and effect == 0,
        }
        found.append(Found(way.scheme.value, tried, answer, told[expected]))

    def _accepted() -> int:
        return sum(IntakeBatch.objects.filter(source_id=source_id).values_list("accepted", flat=True))

    last = [0]
    send("signed now", first, expected="taken in")
    send("again", first, fresh=False, expected="no effect")
    send("another secret", "whsec_" + "A" * 43 + "=", expected="refused")
    send("changed on the way", first, changed=True, expected="refused")
    send("301 s old", first, shift=-LATE, expected="refused")
    send("301 s ahead", first, shift=LATE + timedelta(seconds=2), expected="refused")
    send("290 s old", first, shift=timedelta(seconds=-290), expected="taken in")
    keep_secret(source, way.scheme, second, acting_user=None)
    send("the old secret in rotation", first, expected="taken in")
    send("the new secret in rotation", second, expected="taken in")
    source.secrets.filter(scheme=way.scheme.value, hint=first[-4:]).update(expires_at=datetime.now(UTC))
    send("the old secret after it", first, expected="refused")
    send("a secret that is not set yet", third, expected="refused")
    return found
