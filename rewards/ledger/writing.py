"""The one way in which the application writes a posting: the database function, and the audit line beside it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from django.db import DatabaseError, connection, transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.ledger.models import Posting
from rewards.ledger.rules import Line, PostingKind

OTHER_CONTENT = "LD409"
CLOSED = "LD423"


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
    told = [
        {"book": line.book.value, "lot": line.lot, "amount": str(line.amount), "currency": line.currency}
        for line in lines
    ]
    with refusals_in_words(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM ledger_post(%s, %s, %s, %s, %s, %s, %s::jsonb)",
            [key, kind.value, booked_on, account_id, cause, reverses, json.dumps(told)],
        )
        posting_id, is_new = cursor.fetchone()
    posting = Posting.objects.select_related("account").get(pk=posting_id)
    if is_new:
        record(
            AuditVerb.LEDGER_POSTED,
            acting_user=acting_user,
            object_type="posting",
            object_id=posting_id,
            object_label=f"{kind.in_words} for {posting.customer}",
            after={"key": key, "booked on": booked_on.isoformat(), "lines": _in_words(lines)},
            reason=reason or cause,
        )
    return posting


def _in_words(lines: Sequence[Line]) -> list[str]:
    """Each line as the check reads it back: account, amount, currency."""
    return sorted(f"{line.book.value} {line.amount:.2f} {line.currency}" for line in lines)
