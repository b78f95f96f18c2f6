"""What a change of a reward would have cost over the last year, had it held then."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from loyalty.core.changes.registry import Values
from loyalty.core.money import money
from rewards.catalogue.models import Reward
from rewards.catalogue.rules import Basis
from rewards.offers.models import Grant

MEASURED_DAYS = 365


def cost_of_reward_change(reward_id: int, values: Values) -> list[str]:
    """One sentence: what was given of it in the last year, and what the same grants would cost now.

    Money in the currency of the reward, of points in the reporting currency; of a share of an account's own money, only
    a change from one per cent to another of the same basis can be told.
    """
    reward = Reward.objects.get(pk=reward_id)
    since = timezone.now() - timedelta(days=MEASURED_DAYS)
    grants = Grant.objects.filter(offer__reward=reward, granted_at__gte=since, currency=reward.currency)
    given = list(grants.values_list("offer__discount_equivalent", flat=True))
    if not given:
        return [f"It was not granted in the last {MEASURED_DAYS} days, so the change would have cost nothing then."]
    was = sum(given, Decimal(0))
    now = _at_new_terms(reward, values, was, len(given))
    worth_in = settings.REPORTING_CURRENCY if reward.is_points else reward.currency
    times = "once" if len(given) == 1 else f"{len(given):,} times"
    told = f"It was granted {times} in the last {MEASURED_DAYS} days, worth {money(was, worth_in)}"
    if now is None:
        return [f"{told}; what the new terms would have cost then cannot be told from these grants."]
    return [f"{told}; under the new terms the same grants would be {money(now, worth_in)}."]


def _at_new_terms(reward: Reward, values: Values, was: Decimal, count: int) -> Decimal | None:
    if reward.is_points:
        return was * Decimal(str(values["face_value"])) / reward.face_value
    if values["value_basis"] == Basis.FIXED:
        return Decimal(str(values["discount_equivalent"])) * count
    if values["value_basis"] == reward.value_basis and reward.percent:
        return was * Decimal(str(values["percent"])) / reward.percent
    return None
