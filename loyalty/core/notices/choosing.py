"""How a person wants to be told, and what becomes of notices that wait when they change their mind.

The e-mail address is not theirs to choose: an identity provider finds a person by it, so only an administrator sets it.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.notices.models import NoticeChoice, Passage
from loyalty.core.notices.rules import PACE_LABELS, Channel, Pace, due_at
from loyalty.core.notices.verbs import NOTICES
from loyalty.core.outward import AddressRefused, check_address
from loyalty.core.people.models import User
from loyalty.core.sealing import seal, unseal

# Changing this text makes every stored address unreadable.
PURPOSE = "loyalty: Slack addresses of people"


@dataclass(frozen=True)
class Wanted:
    """What a person chose. `slack_url` "" keeps the address of Slack that is there."""

    email_pace: Pace
    slack_pace: Pace
    digest_hour: int
    slack_url: str = ""
    forget_slack: bool = False


def choice_of(person: User) -> NoticeChoice:
    """What the person chose, or the defaults, which are not stored."""
    return NoticeChoice.objects.filter(pk=person.pk).first() or NoticeChoice(person=person)


def slack_address(person_id: int) -> str:
    """Where the person's messages to Slack go; "" when nowhere, or when it cannot be read any more."""
    sealed = NoticeChoice.objects.filter(pk=person_id).values_list("slack_sealed", flat=True).first()
    return (unseal(sealed, PURPOSE) or "") if sealed else ""


@transaction.atomic
def choose(wanted: Wanted, *, acting_user: User) -> NoticeChoice:
    """Set how the acting person is told, from now on and for what waits.

    Raises DomainError when Slack is wanted and cannot reach them, or its address is none.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=acting_user.pk)
    choice = choice_of(person)
    before = _told(choice)
    _set_slack(choice, wanted)
    if wanted.slack_pace is not Pace.OFF and not choice.slack_sealed:
        raise DomainError("Slack needs the address of an incoming webhook.")
    choice.email_pace, choice.slack_pace = wanted.email_pace.value, wanted.slack_pace.value
    choice.digest_hour = wanted.digest_hour
    # Another address of Slack may end like the one before.
    if (after := _told(choice)) != before or wanted.slack_url:
        choice.save()
        _redirect(person, choice)
        record(
            AuditVerb.NOTICES_CHOSEN,
            acting_user=acting_user,
            object_type="person",
            object_id=person.pk,
            object_label=person.display_name,
            before=before,
            after=after,
        )
    return choice


def _set_slack(choice: NoticeChoice, wanted: Wanted) -> None:
    if wanted.forget_slack:
        choice.slack_sealed = choice.slack_hint = ""
    elif wanted.slack_url:
        try:
            check_address(wanted.slack_url)
        except AddressRefused as refused:
            raise DomainError(str(refused)) from refused
        choice.slack_sealed, choice.slack_hint = seal(wanted.slack_url, PURPOSE), wanted.slack_url[-4:]


def _redirect(person: User, choice: NoticeChoice) -> None:
    """What waits goes out as it is wanted now, or not at all."""
    now, zone = timezone.now(), ZoneInfo(settings.COMPANY_TIME_ZONE)
    for channel, pace in ((Channel.EMAIL, choice.email_pace), (Channel.SLACK, choice.slack_pace)):
        waiting = Passage.objects.filter(person=person, channel=channel.value, letter=None)
        if pace == Pace.OFF:
            waiting.delete()
        else:
            waiting.update(due_at=due_at(Pace(pace), choice.digest_hour, zone, now))
    ring_on_commit(NOTICES)


def _told(choice: NoticeChoice) -> dict[str, str | int]:
    """What the audit keeps: of the address of Slack its end only."""
    return {
        "by email": PACE_LABELS[Pace(choice.email_pace)],
        "by Slack": PACE_LABELS[Pace(choice.slack_pace)],
        "Slack address": f"…{choice.slack_hint}" if choice.slack_hint else "none",
        "hour of the day": choice.digest_hour,
    }
