"""Zendesk's webhooks as records: tickets, and how customers rated them. Pure.

A body is a ticket event (type zen:event-type:ticket.…), or an object that a
trigger sends: {"ticket": …}, {"satisfaction_rating": …} or
{"survey_response": …} as Zendesk's API shows them. An account's id is the id of
the Zendesk organization.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.intake.hooks.reading import Reading, read_items
from accounts.intake.hooks.rules import NOT_A_HOOK, Lasting, Record, RecordType, not_valid
from accounts.intake.rules import Refusal, RequestRefused

_EVENT = "zen:event-type:ticket."
_GONE = ("soft_deleted", "permanently_deleted", "marked_as_spam")
_STATUS_TOLD = ("created", "status_changed", "undeleted")
_DONE = frozenset({"solved", "closed"})
# The old rating knows only two answers: they count as the ends of the scale.
_RATINGS = {"good": 5, "bad": 1}
NOT_TAKEN = Refusal("not_taken", "Only tickets and their ratings are taken in from Zendesk.")
_NO_TICKET = not_valid("A ticket needs id and updated_at.")
NOT_RATED = Refusal("not_rated", "The rating has no score from 1 to 5 yet.")


def read(body: Any, now: datetime) -> Reading:
    """The record of a body. Raises RequestRefused (400, 413)."""
    items = body if isinstance(body, list) else [body]
    if not all(isinstance(item, dict) for item in items):
        raise RequestRefused(400, NOT_A_HOOK)
    reading = read_items([_told(item) for item in items], now, items)
    reading.records = [_with_status(record) for record in reading.records]
    return reading


def _with_status(record: Record) -> Record:
    """The status says whether the ticket is closed and not since when: it is solved first and closed days later."""
    if "closed_at" not in record.fields:
        return record
    change = record.raw.get("event")
    previous = change.get("previous") if isinstance(change, dict) else None
    began = isinstance(previous, str) and previous.lower() not in _DONE
    is_so = record.fields["closed_at"] is not None
    how = Lasting(is_so or None, began and is_so)
    return replace(record, lasting={**record.lasting, "closed_at": how})


def _told(item: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    kind = item.get("type")
    if isinstance(kind, str) and kind.startswith(_EVENT):
        return _of_event(item, kind.removeprefix(_EVENT))
    if isinstance(ticket := item.get("ticket"), dict):
        return _of_ticket(ticket, tells_status=True)
    if isinstance(rating := item.get("satisfaction_rating"), dict):
        return _of_rating(rating)
    if isinstance(response := item.get("survey_response"), dict):
        return _of_survey(response)
    return NOT_TAKEN


def _of_event(item: dict[str, Any], change: str) -> tuple[RecordType, Any] | Refusal:
    detail = item.get("detail")
    if not isinstance(detail, dict):
        return not_valid("A ticket event needs detail.")
    if change in _GONE:
        return _of_gone(detail)
    # Of events only those of the status tell it: others may show one that is told of later.
    return _of_ticket(detail, tells_status=change in _STATUS_TOLD)


def _of_gone(ticket: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    """Nobody answers spam, or what was deleted: a ticket that is known was closed by it, and another is not made."""
    own_id, updated = _id(ticket.get("id")), ticket.get("updated_at")
    if own_id is None or not isinstance(updated, str):
        return _NO_TICKET
    return RecordType.TICKET, {"external_id": own_id, "updated_at": updated, "closed_at": updated}


def _of_ticket(ticket: dict[str, Any], *, tells_status: bool) -> tuple[RecordType, Any] | Refusal:
    own_id, updated = _id(ticket.get("id")), ticket.get("updated_at")
    if own_id is None or not isinstance(updated, str):
        return _NO_TICKET
    told: dict[str, Any] = {"external_id": own_id, "updated_at": updated}
    if isinstance(opened := ticket.get("created_at"), str):
        told["opened_at"] = opened
    if account := _id(ticket.get("organization_id")):
        told["account"] = account
    if "priority" in ticket:
        told["priority"] = ticket["priority"].lower() if isinstance(ticket["priority"], str) else None
    status = ticket.get("status")
    if tells_status and isinstance(status, str):
        told["closed_at"] = updated if status.lower() in _DONE else None
    rating = ticket.get("satisfaction_rating")
    if isinstance(rating, dict) and (score := _RATINGS.get(str(rating.get("score")))):
        told["satisfaction"] = score
    return RecordType.TICKET, told


def _of_rating(rating: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    own_id, updated = _id(rating.get("ticket_id")), rating.get("updated_at")
    score = _RATINGS.get(str(rating.get("score")))
    if own_id is None or not isinstance(updated, str):
        return not_valid("A rating needs ticket_id and updated_at.")
    if score is None:
        return NOT_RATED
    return RecordType.TICKET, {"external_id": own_id, "updated_at": updated, "satisfaction": score}


def _of_survey(response: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    """The answer on the rating scale, for the ticket that the survey was about."""
    subjects, answers = response.get("subjects"), response.get("answers")
    tickets = [s.get("id") for s in _dicts(subjects) if "ticket" in str(s.get("type", "ticket"))]
    rated = [a for a in _dicts(answers) if a.get("type") == "rating_scale"]
    own_id = _ticket_id(tickets[0]) if tickets else None
    if own_id is None or not rated or not isinstance(rated[0].get("updated_at"), str):
        return not_valid("A survey response needs a ticket among its subjects, and an answer on the rating scale.")
    score = rated[0].get("rating")
    if not isinstance(score, int | float) or isinstance(score, bool) or not 1 <= score <= 5:
        return NOT_RATED
    return RecordType.TICKET, {"external_id": own_id, "updated_at": rated[0]["updated_at"], "satisfaction": score}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _id(value: Any) -> str | None:
    return str(value) if type(value) in (int, str) and value != "" else None


def _ticket_id(value: Any) -> str | None:
    """The number out of 123 or zen:ticket:123."""
    told = _id(value)
    return told.rpartition(":")[2] if told else None
