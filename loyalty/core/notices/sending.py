"""Sending what is due: notices are put into letters, letters are claimed and sent, and tried again when that fails.

A claim counts up `claims`, and every note of an outcome names that count. A
worker that dies between the sending and its note lets the letter go out a second
time, after the lease: an e-mail then has the same Message-ID. All else goes out once.
"""

import json
import logging
import smtplib
import time
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from loyalty.core import outward
from loyalty.core.notices.choosing import slack_address
from loyalty.core.notices.letters import email_of, slack_of
from loyalty.core.notices.models import Letter, LetterState, Notice
from loyalty.core.notices.rules import LEASE, TRIES, Channel, wait_before

log = logging.getLogger(__name__)

SECONDS = 20.0

# Everything that is due for a person by a channel goes into one letter.
BUNDLE = """
WITH due AS (
    SELECT id, person_id, channel FROM core_passage WHERE letter_id IS NULL AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT 5000 FOR UPDATE SKIP LOCKED
), made AS (
    INSERT INTO core_letter (person_id, channel, state, due_at, claims, tries, error)
    SELECT DISTINCT person_id, channel, 'waiting', %(now)s, 0, 0, '' FROM due
    RETURNING id, person_id, channel
)
UPDATE core_passage AS p SET letter_id = made.id
FROM due JOIN made USING (person_id, channel) WHERE p.id = due.id
"""

CLAIM = """
UPDATE core_letter SET claims = claims + 1, tries = tries + 1, lease_until = %(lease_until)s
WHERE id = (SELECT id FROM core_letter
            WHERE state = 'waiting' AND due_at <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s)
            ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class Refused(Exception):
    """The receiver does not want it, today or tomorrow."""


class Later(Exception):
    """The receiver cannot take it now; `wait` is how long it asked to be left alone, if it did."""

    def __init__(self, words: str, wait: timedelta | None = None) -> None:
        super().__init__(words)
        self.wait = wait


def send_due() -> int:
    """Send what is due, for at most 20 s; returns how many letters went out. Harmless beside others that do so."""
    ends, sent = time.monotonic() + SECONDS, 0
    bundle()
    while time.monotonic() < ends and (letter := claim()) is not None:
        sent += send(letter)
    return sent


@transaction.atomic
def bundle() -> None:
    """Put the notices that are due into letters, one for each person and channel."""
    with connection.cursor() as cursor:
        cursor.execute(BUNDLE, {"now": timezone.now()})


def claim() -> Letter | None:
    """The letter that has waited longest, ours for as long as the lease; None when none is due."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "lease_until": now + LEASE})
        row = cursor.fetchone()
    return Letter.objects.select_related("person").get(pk=row[0]) if row else None


def send(letter: Letter) -> bool:
    """Send a claimed letter and note what came of it; whether it went out."""
    if not letter.person.is_active:
        _end(letter, LetterState.CANCELLED, error="This person is no longer active.")
        return False
    notices = list(Notice.objects.filter(passages__letter=letter).order_by("id"))
    try:
        if letter.channel == Channel.EMAIL:
            _send_email(letter, notices)
        else:
            _send_to_slack(letter, notices)
    except Refused as refused:
        log.warning("Letter %s was refused: %s", letter.pk, refused)
        _end(letter, LetterState.FAILED, error=str(refused))
        return False
    except Later as later:
        log.warning("Letter %s did not go out, try %s: %s", letter.pk, letter.tries, later)
        _put_off(letter, later)
        return False
    _end(letter, LetterState.SENT)
    return True


def _send_email(letter: Letter, notices: list[Notice]) -> None:
    if not letter.person.email:
        raise Refused("There is no e-mail address any more.")
    try:
        email_of(letter, notices).send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as refused:
        raise Refused(f"The mail server refused the address: {refused}") from refused
    except (OSError, smtplib.SMTPException) as error:
        raise Later(f"The mail server did not take it: {error}") from error


def _send_to_slack(letter: Letter, notices: list[Notice]) -> None:
    url = slack_address(letter.person_id)
    if not url:
        raise Refused("There is no Slack address any more.")
    body = json.dumps(slack_of(notices)).encode()
    try:
        answer = outward.post(url, body, {"Content-Type": "application/json"})
    except outward.AddressRefused as refused:
        raise Refused(str(refused)) from refused
    except outward.NoAnswer as error:
        raise Later(str(error)) from error
    if answer.status == 200:
        return
    told = f"Slack answered {answer.status}: {answer.text.strip()[:100]}"
    if answer.status in (408, 429) or answer.status >= 500:
        raise Later(told, timedelta(seconds=min(answer.retry_after, 3600)) if answer.retry_after else None)
    raise Refused(told)


def _put_off(letter: Letter, later: Later) -> None:
    if letter.tries >= TRIES:
        _end(letter, LetterState.FAILED, error=f"Given up after {TRIES} tries. {later}")
        return
    due = timezone.now() + max(later.wait or timedelta(), wait_before(letter.tries))
    _mine(letter).update(due_at=due, lease_until=None, error=str(later)[:300])


def _end(letter: Letter, state: LetterState, *, error: str = "") -> None:
    _mine(letter).update(state=state, error=error[:300], lease_until=None, ended_at=timezone.now())


def _mine(letter: Letter) -> QuerySet[Letter]:
    return Letter.objects.filter(pk=letter.pk, claims=letter.claims, state=LetterState.WAITING)
