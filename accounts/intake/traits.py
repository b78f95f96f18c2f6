"""What the traits of the Segment spec say about accounts and contacts. Pure.

Only what is understood becomes a field; a value that makes no sense leaves its
field as it was and stays among the traits.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from accounts.intake.files.values import ZONES
from accounts.privacy.rules import ConsentSource, Word, policy_version_in
from accounts.records.rules import LARGEST_COUNT, PlanSegment

_NAME_PARTS = frozenset({"firstName", "lastName"})
NAME_TRAITS = ("name", *sorted(_NAME_PARTS))
_PLAN_SEGMENTS = {s.value: s.value for s in PlanSegment}


def contact_fields(traits: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a contact that the traits tell: name (or first and last name) and e-mail.

    `known` are all traits that stand, these among them. One part of a name told
    alone is put to the other part that is known; it tells nothing where a whole name is.
    """
    name, told = _text(traits.get("name"), 300), _NAME_PARTS & traits.keys()
    if not name and (told == _NAME_PARTS or (told and not _text(known.get("name"), 300))):
        parts = [_text(known.get(key), 150) for key in ("firstName", "lastName")]
        name = " ".join(part for part in parts if part)
    return _known({"name": name, "email": _text(traits.get("email"), 320)})


def consent_word(traits: Mapping[str, Any], contact_id: int, told_at: datetime) -> Word | None:
    """What an identify call says of consent: `consent: {granted, policyVersion, at}`; `at` left out is the call's time.

    None when it says nothing that can be understood.
    """
    told = traits.get("consent")
    if not isinstance(told, dict) or not isinstance(told.get("granted"), bool):
        return None
    return Word(
        contact_id=contact_id,
        granted=told["granted"],
        policy_version=policy_version_in(told.get("policyVersion")),
        source=ConsentSource.IDENTIFY,
        at=_moment(told.get("at")) or told_at,
    )


def account_fields(traits: Mapping[str, Any]) -> dict[str, Any]:
    """Fields: name, industry, employees, plan, createdAt, timezone, goals, referredBy, address.country."""
    address = traits.get("address")
    country = _text(address.get("country"), 100) if isinstance(address, dict) else None
    zone = traits.get("timezone")
    plan = _text(traits.get("plan"), 40) or ""
    return _known(
        {
            "name": _text(traits.get("name"), 300),
            "industry": _text(traits.get("industry"), 100),
            "employee_count": _count(traits.get("employees")),
            "plan_segment": _PLAN_SEGMENTS.get(plan.lower().replace("-", "_").replace(" ", "_")),
            "signed_up_on": _day(traits.get("createdAt")),
            "time_zone": zone if isinstance(zone, str) and zone in ZONES else None,
            "goals": _text(traits.get("goals"), 5000),
            "referred_by": _text(traits.get("referredBy"), 255),
            "country": country.upper() if country and len(country) == 2 else None,
        }
    )


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _text(value: Any, longest: int) -> str | None:
    return value.strip()[:longest] if isinstance(value, str) else None


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal() and len(value) < 12:
        value = int(value)
    return value if type(value) is int and 0 <= value <= LARGEST_COUNT else None


def _day(value: Any) -> date | None:
    """The day (UTC) of an ISO 8601 text, or of seconds since the epoch as some libraries send."""
    try:
        if type(value) in (int, float):
            return datetime.fromtimestamp(value, UTC).date()
        if not isinstance(value, str) or len(value) < 10:
            return None
        moment = datetime.fromisoformat(value)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError, OSError):
        return None


def _moment(value: Any) -> datetime | None:
    """An ISO 8601 moment; one without a zone is taken as UTC."""
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
