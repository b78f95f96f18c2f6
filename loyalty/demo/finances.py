"""What Finance of the demo company settles before the first offer: caps, the rate of points, the way to invoices.

Each is made through its room's verb, and only where it is missing.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.caps.models import Cap
from rewards.caps.rules import CapMeasure, CapPeriodKind, CapScope
from rewards.caps.setting import NewCap, create_cap
from rewards.delivery.invoices.changing import KIND as BILLING
from rewards.delivery.invoices.rules import Connector
from rewards.delivery.invoices.verbs import ensure_settings, settings_now
from rewards.rates.changing import KIND as POINTS_RATE
from rewards.rates.changing import OBJECT as THE_RATE
from rewards.rates.queries import points_now

POINT = "0.01"
# Of a value cap the limit for each customer; of a capacity, one occurrence for so many customers.
A_CUSTOMER: tuple[tuple[str, CapScope, str, CapPeriodKind, str, bool], ...] = (
    ("Programme", CapScope.PROGRAMME, "", CapPeriodKind.YEAR, "150", True),
    ("Discounts", CapScope.REWARD_KIND, "discount", CapPeriodKind.QUARTER, "15", True),
    ("Customer Success", CapScope.FUNCTION, Function.CS.value, CapPeriodKind.MONTH, "30", False),
)
CUSTOMERS_A_WORKSHOP = 40
ROUND_TO = Decimal(500)


@transaction.atomic
def settle(accounts: int, amara: User, henrik: User) -> None:
    """Set what is missing; `amara` and `henrik` are of Finance, and what needs two of them has both."""
    for name, scope, key, period, each, is_hard in A_CUSTOMER:
        limit = max(-(-Decimal(each) * accounts // ROUND_TO), Decimal(1)) * ROUND_TO
        _cap(NewCap(name, scope, key, period, limit, is_hard), amara)
    workshops = Decimal(max(accounts // CUSTOMERS_A_WORKSHOP, 2))
    _cap(
        NewCap(
            "Workshops",
            CapScope.REWARD_KIND,
            "optimisation_workshop",
            CapPeriodKind.MONTH,
            workshops,
            True,
            CapMeasure.OCCURRENCES,
        ),
        amara,
    )
    today = timezone.now().date()
    if points_now(today) is None:
        rate = {"per_unit": POINT, "effective_on": today.isoformat()}
        _decided(POINTS_RATE, THE_RATE, rate, "A cent each, as budgeted", amara, henrik)
    if settings_now().connector == Connector.OFF:
        values = {"connector": Connector.FILE.value}
        _decided(BILLING, ensure_settings().pk, values, "Billing takes a file until Stripe is connected", amara, henrik)


def _cap(terms: NewCap, finance: User) -> None:
    same = {"scope": terms.scope.value, "scope_key": terms.scope_key, "period": terms.period.value}
    if not Cap.objects.filter(measure=terms.measure.value, **same).exists():
        create_cap(terms, acting_user=finance)


def _decided(
    kind: str, object_id: int, values: Mapping[str, Any], reason: str, proposer: User, colleague: User
) -> None:
    change = propose_or_apply(kind, object_id, values, reason, acting_user=proposer)
    if change is not None:
        approve(change.pk, digest=change.digest, acting_user=colleague)
