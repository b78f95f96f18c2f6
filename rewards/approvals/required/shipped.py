"""The rules of approval that a new team starts with. Those that are not in force wait to be switched on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.core.people.rules import Function
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.rules import EMPTY, clean_values
from rewards.approvals.required.verbs import make_rule

F = Function

SHIPPED: Mapping[str, tuple[Function, Mapping[str, Any]]] = {
    "money-threshold": (F.FINANCE, {"name": "Money above the threshold", "above_value": "250.00", "is_active": True}),
    "soft-cap": (F.FINANCE, {"name": "A soft cap exceeded", "soft_cap_exceeded": True, "is_active": True}),
    "limited-supply": (
        F.PRODUCT,
        {"name": "A feature of limited supply", "limited_supply": True, "is_active": True},
    ),
    "discounts": (F.FINANCE, {"name": "Every discount", "kinds": ["discount", "annual_plan_offer"]}),
    "enterprise": (F.CS, {"name": "Enterprise accounts", "plan_segments": ["enterprise"], "in_sequence": False}),
    "first-use": (F.FINANCE, {"name": "The first use of a campaign", "first_use": True, "in_sequence": False}),
}


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> list[ApprovalRule]:
    """Make the shipped rules that are not there, with versions from `effective_at` (UTC, default now)."""
    found = ApprovalRule.objects.in_bulk(list(SHIPPED), field_name="key")
    for key, (function, values) in SHIPPED.items():
        if key not in found:
            found[key] = make_rule(
                key,
                function,
                clean_values(EMPTY, values),
                effective_at=effective_at or timezone.now(),
                acting_user=None,
                reason="Shipped with the application",
            )
    return [found[key] for key in SHIPPED]
