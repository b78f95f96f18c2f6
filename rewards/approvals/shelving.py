"""Putting undecided offers aside until a day, back, or in somebody else's book: one or many.

Locks go in the order of ids; the audit lines stand in the same transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from loyalty.core.absence.seats import company_day, functions_today
from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line, write_lines
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.figures import day_text
from loyalty.core.people.models import User
from loyalty.core.people.rules import functions_in_words
from rewards.approvals.locking import check_undecided, locked
from rewards.approvals.models import ApprovalStep, StepState
from rewards.approvals.timing import approval_settings, due_at
from rewards.offers.models import Offer

LONGEST_SNOOZE = timedelta(days=92)
SNOOZED = ("snoozed_until", "snooze_reason", "due_at")


def snooze(offer_ids: Sequence[int], until: date, reason: str, *, acting_user: User) -> int:
    """Put undecided offers aside until a day (company's time zone); returns how many. Their trigger is quiet meanwhile.

    Their steps are due as many working days after they wake as they would have been. Raises NotAllowed
    outside the functions that an offer waits for, DomainError for days and states that make no sense.
    """
    today = company_day()
    if not today < until <= today + LONGEST_SNOOZE:
        raise DomainError(f"Snooze until a day between tomorrow and {day_text(today + LONGEST_SNOOZE)}.")
    if not reason.strip():
        raise DomainError("Say why it waits, so that others know.")
    woken = datetime.combine(until, datetime.min.time(), ZoneInfo(settings.COMPANY_TIME_ZONE))
    due = due_at(woken, approval_settings().due_working_days)

    def put_aside(offer: Offer) -> Mapping[str, Any]:
        offer.snoozed_until, offer.snooze_reason, offer.due_at = until, reason.strip(), due
        return {"until": until.isoformat(), "due": due.isoformat()}

    return _alter(offer_ids, AuditVerb.OFFER_SNOOZED, put_aside, SNOOZED, reason, acting_user)


def wake(offer_ids: Sequence[int], *, acting_user: User) -> int:
    """Put snoozed offers back in the queue, due as if they had opened now; returns how many.

    Raises as `snooze`, and DomainError for an offer that is in the queue already: it would only win time.
    """
    due, today = due_at(timezone.now(), approval_settings().due_working_days), company_day()

    def put_back(offer: Offer) -> Mapping[str, Any]:
        if not is_aside(offer, today):
            raise DomainError(f"{offer} is not put aside. Nothing was changed.")
        offer.snoozed_until, offer.snooze_reason, offer.due_at = None, "", due
        return {"due": due.isoformat()}

    return _alter(offer_ids, AuditVerb.OFFER_WOKEN, put_back, SNOOZED, "", acting_user)


def is_aside(offer: Offer, today: date) -> bool:
    """Whether the offer waits for a day after `today` (company's time zone) before it shows in the queue again."""
    return offer.snoozed_until is not None and offer.snoozed_until > today


def reassign(offer_ids: Sequence[int], to_id: int, *, acting_user: User) -> int:
    """Put undecided offers in somebody else's book; returns how many. Raises as `snooze`."""
    person = User.objects.filter(pk=to_id, is_active=True, memberships__isnull=False).distinct().first()
    if person is None:
        raise DomainError("Choose a colleague who decides for a function.")

    def hand_over(offer: Offer) -> Mapping[str, Any]:
        offer.assigned_to = person
        return {"to": person.display_name}

    return _alter(offer_ids, AuditVerb.OFFER_REASSIGNED, hand_over, ["assigned_to"], "", acting_user)


def _alter(
    offer_ids: Sequence[int],
    verb: AuditVerb,
    change: Callable[[Offer], Mapping[str, Any]],
    fields: Sequence[str],
    reason: str,
    acting_user: User,
) -> int:
    lines, seats = [], {function.value for function in functions_today(acting_user)}
    with telling_refusals("offer", offer_ids, verb.label, acting_user):
        offers = locked(offer_ids)
        for offer in offers:
            check_undecided(offer)
            if not seats & set(offer.awaits):
                raise NotAllowed(f"{offer} waits for {functions_in_words(offer.awaits)}.")
            after = change(offer)
            lines.append(
                audit_line(
                    verb,
                    acting_user=acting_user,
                    object_type="offer",
                    object_id=offer.pk,
                    object_label=str(offer),
                    after=after,
                    typed=reason,
                )
            )
        Offer.objects.bulk_update(offers, fields)
        if "due_at" in fields:
            waiting = ApprovalStep.objects.filter(offer__in=offers, state=StepState.WAITING.value)
            waiting.update(due_at=offers[0].due_at)
        write_lines(lines)
    return len(offers)
