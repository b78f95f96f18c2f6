"""What is refused for lack of right changes nothing, and is told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User


@contextmanager
def telling_refusals(offer_ids: Sequence[int], attempt: str, acting_user: User) -> Iterator[None]:
    """One transaction; when the person may not, it is undone, each offer gets a line that tells so, and it raises."""
    try:
        with transaction.atomic():
            yield
    except NotAllowed as refusal:
        AuditLine.objects.bulk_create(refused_line(pk, attempt, refusal, acting_user) for pk in sorted(offer_ids))
        raise


def refused_line(offer_id: int, attempt: str, refusal: NotAllowed, acting_user: User) -> AuditLine:
    """The line, not saved yet, that tells of an attempt on an offer that was refused."""
    return audit_line(
        AuditVerb.REFUSED,
        acting_user=acting_user,
        object_type="offer",
        object_id=offer_id,
        object_label=attempt,
        reason=str(refusal),
    )
