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
def telling_refusals(ids: Sequence[int], attempt: str, acting_user: User, of: str = "offer") -> Iterator[None]:
    """One transaction; when the person may not, it is undone, each object gets a line that tells so, and it raises.

    `ids` are those of objects of the type `of`, as the audit names it.
    """
    try:
        with transaction.atomic():
            yield
    except NotAllowed as refusal:
        AuditLine.objects.bulk_create(refused_line(pk, attempt, refusal, acting_user, of) for pk in sorted(ids))
        raise


def refused_line(pk: int, attempt: str, refusal: NotAllowed, acting_user: User, of: str = "offer") -> AuditLine:
    """The line, not saved yet, that tells of an attempt that was refused on the object `pk` of the type `of`."""
    return audit_line(
        AuditVerb.REFUSED,
        acting_user=acting_user,
        object_type=of,
        object_id=pk,
        object_label=attempt,
        reason=str(refusal),
    )
