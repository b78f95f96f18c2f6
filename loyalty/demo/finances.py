"""What Finance of the demo company settles before the first offer: caps, rates, the way to invoices, assumptions.

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
from rewards.affordability.queries import assumptions_now
from rewards.affordability.verbs import KIND as ASSUMPTIONS
from rewards.affordability.verbs import ensure_set
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

ASSUMED: dict[str, tuple[dict[str, str], str, str]] = {
    "gross_margin": (
        {"self_serve": "84.00", "mid_market": "79.00", "enterprise": "74.00"},
        "2026-09-30",
        "Management accounts, third quarter",
    ),
    "cac": (
        {"self_serve": "1450.00", "mid_market": "9800.00", "enterprise": "62000.00"},
        "2026-09-30",
        "Sales and marketing cost of twelve months by accounts won",
    ),
    "churn": (
        {"self_serve": "3.20", "mid_market": "1.40", "enterprise": "0.90"},
        "2026-09-30",
        "Billing, accounts lost by month over twelve months",
    ),
    "lift": ({"all": "4.00"}, "2026-10-15", "Programme budget; to be held against the pilot"),
    "least_ltv_to_cac": ({"all": "3.00"}, "2026-10-15", "Decision of the board"),
    "discount_limit": (
        {"silver": "3.00", "gold": "5.00", "platinum": "7.00"},
        "2026-10-15",
        "Programme budget",
    ),
    "first_reward_months": ({"all": "18"}, "2026-10-15", "Programme budget"),
}


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
    if not assumptions_now().is_set:
        assumed = {name: dict(zip(("of", "as_of", "source"), told, strict=True)) for name, told in ASSUMED.items()}
        propose_or_apply(ASSUMPTIONS, ensure_set().pk, assumed, "As budgeted", acting_user=amara)


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
