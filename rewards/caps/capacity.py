"""The capacity of a reward that people deliver: its caps of occurrences, and what is left of them today."""

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from loyalty.core.figures import day_text
from rewards.caps.models import Cap
from rewards.caps.queries import CapNow, now_of
from rewards.caps.rules import CapMeasure, CapScope
from rewards.catalogue.models import Reward
from rewards.catalogue.rules import Delivery
from rewards.catalogue.telling import Fact


def capacity_fact(reward: Reward) -> Fact | None:
    """What its page tells; None for what a system of ours hands over, which has no capacity."""
    if reward.delivery != Delivery.BY_HAND.value:
        return None
    told = tuple(map(_told, capacity_of(reward)))
    query = f"scope={CapScope.REWARD}&which={reward.pk}&measure={CapMeasure.OCCURRENCES}"
    return Fact("Capacity", told or ("No cap limits how often it is delivered.",), f"{reverse('new-cap')}?{query}", NEW)


NEW = "Set a cap of occurrences"


def capacity_of(reward: Reward) -> list[CapNow]:
    """The caps in force that count its occurrences whoever gets it: on itself, on its kind, on the programme.

    The fullest first. Caps on a campaign, a function or an account bind only some of its offers, and stay out.
    """
    whichever = Q(scope=CapScope.REWARD, scope_key=str(reward.pk)) | Q(scope=CapScope.PROGRAMME)
    whichever |= Q(scope=CapScope.REWARD_KIND, scope_key=reward.kind)
    caps = Cap.objects.filter(whichever, measure=CapMeasure.OCCURRENCES, is_active=True)
    return now_of(list(caps), timezone.now().date())


def _told(now: CapNow) -> str:
    end = "" if now.lasts else f" until {day_text(now.period.ends_on)}"
    return f"{now.use.said['room_of']} left{end} (“{now.cap.name}”)."
