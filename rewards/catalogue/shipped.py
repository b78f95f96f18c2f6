"""The catalogue that a new team starts with: one reward of every kind that is shipped.

Amounts are starting points in the reporting currency that Finance edits.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rewards.catalogue.models import Reward
from rewards.catalogue.rules import KINDS, RewardStatus, clean_values
from rewards.catalogue.verbs import EMPTY, make_reward, tell_shipped


def _fixed(face: str, cost: str | None = None, equivalent: str | None = None) -> dict[str, Any]:
    return {"face_value": face, "marginal_cost": cost or face, "discount_equivalent": equivalent or face}


def _share(basis: str, percent: str) -> dict[str, Any]:
    return {"value_basis": basis, "percent": percent}


# Key, kind, name, what the customer gets, terms.
SHIPPED: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    (
        "service-credit-300",
        "service_credit",
        "$300 service credit",
        "$300 off the next renewal or expansion invoice.",
        _fixed("300.00"),
    ),
    (
        "renewal-credit-5",
        "renewal_credit",
        "5 % renewal credit",
        "5 % of the renewal as a credit on its invoice.",
        _share("percent_of_renewal", "5.00"),
    ),
    (
        "tier-renewal-credit",
        "renewal_credit",
        "Renewal credit of the tier",
        "The share of the renewal that the tier promises, as a credit on the next invoice.",
        _share("percent_of_tier", "100.00"),
    ),
    (
        "growth-rebate-3",
        "growth_rebate",
        "3 % growth rebate",
        "3 % of the year’s growth in ARR as a credit.",
        _share("percent_of_growth", "3.00"),
    ),
    (
        "referral-credit-200",
        "referral_credit",
        "$200 referral credit",
        "$200 of credit once the referred company has paid.",
        _fixed("200.00"),
    ),
    (
        "annual-conversion-credit",
        "annual_conversion_credit",
        "One month’s credit for going annual",
        "One month of MRR as a one-time credit on moving to an annual plan.",
        _share("percent_of_mrr", "100.00"),
    ),
    (
        "points-500",
        "points",
        "500 points",
        "500 points, worth what Finance decided on the day of the offer.",
        _fixed("500.00"),
    ),
    ("discount-10", "discount", "10 % discount", "10 % off the renewal.", _share("percent_of_renewal", "10.00")),
    (
        "annual-plan-offer-10",
        "annual_plan_offer",
        "10 % off an annual upgrade",
        "10 % off the first year on an annual plan.",
        _share("percent_of_arr", "10.00"),
    ),
    (
        "feature-pass-7",
        "feature_pass",
        "7-day premium feature pass",
        "All premium features for seven days.",
        _fixed("0.00") | {"validity_days": 30},
    ),
    (
        "onboarding-upgrade",
        "onboarding_upgrade",
        "Onboarding upgrade",
        "A guided setup with the next plan’s features for 14 days.",
        _fixed("0.00", "20.00", "20.00") | {"validity_days": 60},
    ),
    (
        "beta-access",
        "beta_access",
        "Early beta access",
        "A place among the first to use what comes next.",
        _fixed("0.00") | {"supply_limit": 50, "validity_days": 90},
    ),
    (
        "extra-seats-3",
        "extra_seats",
        "3 extra seats for 60 days",
        "Three seats more, for sixty days.",
        _fixed("0.00", "15.00", "90.00") | {"validity_days": 60},
    ),
    (
        "sandbox",
        "sandbox",
        "Sandbox environment",
        "A second environment to try things in.",
        _fixed("0.00", "50.00", "50.00") | {"supply_limit": 100},
    ),
    (
        "admin-tools",
        "admin_tools",
        "Advanced admin tools",
        "Audit export, roles and bulk actions, for a year.",
        _fixed("0.00", "10.00", "10.00"),
    ),
    (
        "advanced-training",
        "advanced_training",
        "Advanced training",
        "A 90-minute session for the team.",
        _fixed("0.00", "120.00", "150.00") | {"validity_days": 120},
    ),
    (
        "optimisation-workshop",
        "optimisation_workshop",
        "Optimisation workshop",
        "One to one: how to get more out of what they have.",
        _fixed("0.00", "200.00", "250.00") | {"validity_days": 90},
    ),
    (
        "office-hours",
        "office_hours",
        "Office hours",
        "A monthly hour with our product people.",
        _fixed("0.00", "60.00", "60.00"),
    ),
    (
        "priority-support",
        "priority_support",
        "Priority support",
        "First in the queue for a year.",
        _fixed("0.00", "100.00", "120.00"),
    ),
    (
        "premium-sla",
        "premium_sla",
        "Premium SLA",
        "The next level of service for a year.",
        _fixed("0.00", "150.00", "200.00"),
    ),
    ("badge-power-user", "badge", "Power-user badge", "A badge that their people can show.", _fixed("0.00")),
    (
        "roadmap-session",
        "roadmap_session",
        "Roadmap session",
        "An hour with the head of product on what comes next.",
        _fixed("0.00", "90.00", "90.00") | {"validity_days": 120},
    ),
    (
        "roadmap-council",
        "roadmap_council",
        "Seat in the roadmap council",
        "A seat for a year: four meetings.",
        _fixed("0.00", "250.00", "250.00") | {"supply_limit": 12},
    ),
    (
        "executive-sponsor",
        "executive_sponsor",
        "Executive sponsor",
        "One of our executives, by name, for a year.",
        _fixed("0.00", "250.00", "250.00") | {"supply_limit": 20},
    ),
    (
        "value-recap",
        "value_recap",
        "Value recap",
        "What they would lose, counted from their own use.",
        _fixed("0.00") | {"validity_days": 14},
    ),
    (
        "pause-or-skip",
        "pause_or_skip",
        "Pause or skip",
        "A pause of one to three months, all data kept.",
        _fixed("0.00") | {"validity_days": 30},
    ),
    (
        "downgrade-path",
        "downgrade_path",
        "Downgrade path",
        "A smaller plan that keeps what they use.",
        _fixed("0.00") | {"validity_days": 30},
    ),
)


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> dict[str, Reward]:
    """Make the shipped rewards, live from `effective_at` (UTC, default now), unless they are there; all by key."""
    found = Reward.objects.in_bulk([key for key, *_ in SHIPPED], field_name="key")
    for key, kind, name, description, terms in SHIPPED:
        if key not in found:
            found[key] = _make(key, kind, {"name": name, "description": description, **terms}, effective_at)
    return found


def _make(key: str, kind: str, terms: dict[str, Any], effective_at: datetime | None) -> Reward:
    usual = {"delivery": KINDS[kind].delivery.value, "accounting": KINDS[kind].accounting.value}
    values = clean_values(kind, {**EMPTY, **usual, "status": RewardStatus.LIVE.value}, terms)
    reward = make_reward(key, kind, values, effective_at=effective_at or timezone.now())
    tell_shipped(reward)
    return reward
