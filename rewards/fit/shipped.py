"""The matrix that a new team starts with."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rewards.fit.models import FitRule
from rewards.fit.rules import Contract, Verdict, clean_values
from rewards.fit.verbs import EMPTY, make_rule, tell_made

C, FITS, UNFIT = Contract, Verdict.FITS, Verdict.UNFIT

SHIPPED: tuple[tuple[Contract, Verdict, dict[str, Any]], ...] = (
    (
        C.SELF_SERVE,
        FITS,
        {"kinds": ["onboarding_upgrade", "feature_pass", "referral_credit", "annual_conversion_credit"]},
    ),
    (C.SELF_SERVE, UNFIT, {"kinds": ["executive_sponsor"], "by_hand": True}),
    (C.MID_MARKET, FITS, {"kinds": ["renewal_credit", "discount"], "percent_from": "5", "percent_to": "15"}),
    (C.MID_MARKET, FITS, {"kinds": ["priority_support", "optimisation_workshop"]}),
    (C.MID_MARKET, UNFIT, {"kinds": ["renewal_credit", "discount"], "above_percent": "15"}),
    (C.ENTERPRISE, FITS, {"kinds": ["roadmap_session", "executive_sponsor", "premium_sla", "sandbox"]}),
    (C.ENTERPRISE, UNFIT, {"kinds": ["discount", "annual_plan_offer"], "before_status": True}),
    (C.MONTHLY, FITS, {"kinds": ["annual_conversion_credit", "annual_plan_offer"]}),
    (C.MONTHLY, UNFIT, {"kinds": ["renewal_credit"]}),
    (C.MULTI_YEAR, FITS, {"kinds": ["growth_rebate"]}),
    (C.MULTI_YEAR, UNFIT, {"kinds": ["annual_conversion_credit"]}),
)


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> list[FitRule]:
    """Make the shipped rules, in force from `effective_at` (UTC, default now), if there is no rule at all."""
    if FitRule.objects.exists():
        return list(FitRule.objects.all())
    made = []
    for contract, verdict, terms in SHIPPED:
        values = clean_values(verdict.value, EMPTY, {**terms, "is_active": True})
        rule = make_rule(contract, verdict, values, effective_at=effective_at or timezone.now())
        tell_made(rule, None, "Shipped with the application")
        made.append(rule)
    return made
