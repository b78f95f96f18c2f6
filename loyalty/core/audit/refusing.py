"""What is refused for lack of right changes nothing, and is told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import Actor, audit_line
from loyalty.core.errors import NotAllowed


@contextmanager
def telling_refusals(of: str, ids: Sequence[int | str], attempt: str, acting_user: Actor) -> Iterator[None]:
    """One transaction; when the person may not, it is undone, each object gets a line that tells so, and it raises.

    `ids` are those of objects of the type `of`, as the audit names it; "" is one that is not made yet.
    """
    try:
        with transaction.atomic():
            yield
    except NotAllowed as refusal:
        AuditLine.objects.bulk_create(refused_line(of, pk, attempt, refusal, acting_user) for pk in sorted(ids))
        raise


def refused_line(of: str, pk: int | str, attempt: str, refusal: NotAllowed, acting_user: Actor) -> AuditLine:
    """The line, not saved yet, that tells of an attempt that was refused on the object `pk` of the type `of`."""
    return audit_line(
        AuditVerb.REFUSED,
        acting_user=acting_user,
        object_type=of,
        object_id=pk,
        object_label=attempt,
        reason=str(refusal),
    )
