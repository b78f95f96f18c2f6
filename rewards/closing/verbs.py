"""Closing a month, proposing to reopen it, and mapping the accounts of the journal."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.utils import timezone

from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.breakage.verbs import recognise_until
from rewards.closing.models import ClosedMonth, JournalCodes
from rewards.closing.queries import figures_of, first_month, last_closed
from rewards.closing.rules import clean_codes, closing_refusal
from rewards.ledger.rules import Book

LOCK_OF_CLOSING = 7205
"""Each posting holds it in share; see rewards/migrations/0007_ledger_guards.py."""


def close_month(month: date, *, today: date, acting_user: User) -> ClosedMonth:
    """Close a month (by its first day), after its breakage was recognised; postings in flight are waited for.

    Raises NotAllowed unless the person is in Finance (the audit tells of the attempt), DomainError when the
    month is not over, closed already, or not the next.
    """
    check_finance(acting_user, f"Books of {month:%B %Y}")
    _check(month, today)
    recognise_until(month + relativedelta(months=1))
    return _close(month, today, acting_user)


@transaction.atomic
def _close(month: date, today: date, acting_user: User) -> ClosedMonth:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_CLOSING])
    _check(month, today)
    found = ClosedMonth.objects.filter(month=month).first() or ClosedMonth(month=month, version=0)
    found.is_closed, found.version = True, found.version + 1
    found.closed_at, found.closed_by = timezone.now(), acting_user
    found.figures = [figures.as_json() for figures in figures_of(month)]
    found.save()
    record(
        AuditVerb.MONTH_CLOSED,
        acting_user=acting_user,
        object_type="closed_month",
        object_id=found.pk,
        object_label=str(found),
        after={"figures": found.figures},
    )
    return found


def _check(month: date, today: date) -> None:
    refusal = closing_refusal(month, today=today, first=first_month(), last_closed=last_closed())
    if refusal:
        raise DomainError(refusal)


def check_finance(user: User, label: str) -> None:
    """Raise NotAllowed unless the person is in Finance; the attempt leaves an audit line."""
    with telling_refusals("closed_month", [""], label, user):
        check_member(user, Function.FINANCE)


@transaction.atomic
def reopen(closed_id: int, acting_user: User, reason: str) -> None:
    """Open a month again: the applying half of a change request, which a second person of Finance decided."""
    found = ClosedMonth.objects.select_for_update(no_key=True).get(pk=closed_id)
    found.is_closed, found.version = False, found.version + 1
    found.save(update_fields=["is_closed", "version"])
    record(
        AuditVerb.MONTH_REOPENED,
        acting_user=acting_user,
        object_type="closed_month",
        object_id=found.pk,
        object_label=str(found),
        before={"figures": found.figures},
        reason=reason,
    )


@transaction.atomic
def journal_codes() -> JournalCodes:
    """The one row, made with our own codes when it is not there."""
    found, _ = JournalCodes.objects.get_or_create(pk=1, defaults={"codes": {b.value: b.value for b in Book}})
    return found


@transaction.atomic
def write_codes(codes_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the codes the next version."""
    found = JournalCodes.objects.select_for_update(no_key=True).get(pk=codes_id)
    before = clean_codes({b.value: b.value for b in Book}, found.codes)
    found.codes = clean_codes(before, values)
    found.version += 1
    found.save()
    changed = [book for book in before if before[book] != found.codes[book]]
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="journal_codes",
        object_id=found.pk,
        object_label=str(found),
        before={book: before[book] for book in changed},
        after={book: found.codes[book] for book in changed},
        reason=reason,
    )
