"""The one way in which the application writes a posting: a function of the database, which writes its audit line too.

A new posting is one statement, whole by itself also where no transaction is open. Only when it writes nothing is the
database asked why: the posting stands already, which is no fault, or it is refused.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from django.db import DatabaseError, connection, transaction

from loyalty.core.audit.verbs import THE_PROGRAMME
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.ledger.models import Posting
from rewards.ledger.rules import Line, PostingKind

OTHER_CONTENT = "LD409"
CLOSED = "LD423"

_POST = "SELECT * FROM ledger_post(%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s::jsonb, %s)"
_STANDING = "SELECT ledger_standing(%s, %s, %s, %s, %s, %s::jsonb)"
_FIELDS = ("id", "key", "kind", "booked_on", "written_at", "account_id", "cause", "reverses_id")


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Tell what the books refuse as a DomainError: a key with other content, a day in a closed month.

    What was done inside is undone then, and the caller's transaction can go on.
    """
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") not in (OTHER_CONTENT, CLOSED):
            raise
        raise DomainError(str(error).splitlines()[0]) from error


def write_posting(
    key: str,
    kind: PostingKind,
    lines: Sequence[Line],
    *,
    account_id: int | None,
    cause: str,
    booked_on: date,
    acting_user: User | None,
    reverses: int | None = None,
    reason: str = "",
) -> Posting:
    """Write one posting and its audit line; the same `key` with the same content is the same posting.

    `account_id` is None for what is about all customers. Raises DomainError when the key stands with other
    content, and when the day lies in a closed month. Runs in the caller's transaction.
    """
    told = json.dumps(
        [
            {"book": line.book.value, "lot": line.lot, "amount": str(line.amount), "currency": line.currency}
            for line in lines
        ]
    )
    after = {"key": key, "booked on": booked_on.isoformat(), "lines": _in_words(lines)}
    who = (acting_user.pk, acting_user.display_name) if acting_user else (None, THE_PROGRAMME)
    posting = (key, kind.value, booked_on, account_id, cause, reverses, told)
    with connection.cursor() as cursor:
        cursor.execute(_POST, [*posting, *who, kind.in_words, json.dumps(after), reason or cause])
        new = cursor.fetchone()
    if new is None:
        return _standing(key, kind.value, booked_on, account_id, reverses, told)
    posting_id, moment = new
    return Posting.from_db(
        connection.alias, _FIELDS, (posting_id, key, kind.value, booked_on, moment, account_id, cause, reverses)
    )


def _standing(*content: str | int | date | None) -> Posting:
    """The posting that has the key already. Raises DomainError when it says something else, or the month is closed."""
    with refusals_in_words(), connection.cursor() as cursor:
        cursor.execute(_STANDING, content)
        (posting_id,) = cursor.fetchone()
    return Posting.objects.select_related("account").get(pk=posting_id)


def _in_words(lines: Sequence[Line]) -> list[str]:
    """Each line as the check reads it back: account, amount, currency."""
    return sorted(f"{line.book.value} {line.amount:.2f} {line.currency}" for line in lines)
