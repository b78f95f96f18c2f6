"""What becomes of the deliveries that somebody who leaves had to make."""

from django.db.models import QuerySet

from loyalty.core.people.leaving import HandOver
from loyalty.core.people.models import User
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from rewards.delivery.tasks.models import DeliveryTask
from rewards.delivery.tasks.queries import open_tasks


def _theirs(person_id: int) -> QuerySet[DeliveryTask]:
    return DeliveryTask.objects.filter(pk__in=open_tasks().filter(owner=person_id).values("pk"))


def _give(person: User, to: User | None) -> int:
    """Give the person's open deliveries to somebody else; to nobody when that one is not in CS, whose verb it is.

    Returns how many. What is nobody's is told to the leads of CS once it is late.
    """
    heir = to if to is not None and is_member(to, Function.CS) else None
    return _theirs(person.pk).update(owner=heir)


DELIVERIES = HandOver(_theirs, _give)
