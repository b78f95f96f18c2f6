"""What becomes of the deliveries that somebody who leaves had to make."""

from loyalty.core.people.models import User
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from rewards.delivery.tasks.models import DeliveryTask
from rewards.delivery.tasks.queries import open_tasks


def hand_over_tasks(person: User, to: User | None) -> int:
    """Give the person's open deliveries to somebody else; to nobody when that one is not in CS, whose verb it is.

    Returns how many. What is nobody's is told to the leads of CS once it is late.
    """
    heir = to if to is not None and is_member(to, Function.CS) else None
    mine = open_tasks().filter(owner=person).values("pk")
    return DeliveryTask.objects.filter(pk__in=mine).update(owner=heir)
