"""Ready-made campaigns: one for every tactic, so that a new team starts from a full set.

Each is made as a draft that its owner models, all three functions approve, and
its owner launches. The first layer, segments and real-time triggers, goes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.core.people.rules import Function
from rewards.campaigns.rules.ladder import LadderStep
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS

F = Function
Rule = Mapping[str, Any]


def _in(fact: str, *values: str) -> Rule:
    return {"op": "in", "fact": fact, "values": list(values)}


def _all(*items: Rule) -> Rule:
    return {"op": "and", "items": list(items)}


def _defaults(kind: str) -> dict[str, Any]:
    return {parameter.name: parameter.default for parameter in TRIGGERS[TriggerKind(kind)].parameters}


def _ladder(*steps: tuple[str, int] | tuple[str, int, int]) -> list[dict[str, Any]]:
    return [LadderStep(*step).written for step in steps]


@dataclass(frozen=True)
class ReadyMade:
    """A campaign of the set; `tactic` is the row of the tactic table that it covers, `layer` 1 goes first."""

    key: str
    tactic: str
    owner: Function
    layer: int
    terms: Mapping[str, Any]


def _ready(
    key: str,
    tactic: str,
    owner: Function,
    name: str,
    goal: str,
    trigger: Rule,
    ladder: list[dict[str, Any]],
    judged: tuple[str, str, str, str],
    *,
    layer: int = 2,
    **terms: Any,
) -> ReadyMade:
    """`judged`: the data needed, the short-term cost, the expected LTV gain and the complexity."""
    needed, cost, gain, complexity = judged
    return ReadyMade(
        key,
        tactic,
        owner,
        layer,
        {
            "name": name,
            "goal": goal,
            "trigger": {**_defaults(trigger["kind"]), **trigger},
            "ladder": ladder,
            "data_needed": needed,
            "short_term_cost": cost,
            "expected_ltv_gain": gain,
            "complexity": complexity,
            **terms,
        },
    )


BUYER: dict[str, Any] = {"recipient": "economic_buyer"}

READY_MADE: tuple[ReadyMade, ...] = (
    _ready(
        "first-custom-report",
        "Feature milestones",
        F.CS,
        "First custom report",
        "Habit formation: the first report of their own",
        {"kind": "milestone", "milestone": "first-custom-report"},
        _ladder(("service-credit-300", 0)),
        ("Product events", "low", "medium", "low"),
        layer=1,
    ),
    _ready(
        "onboarding-milestone",
        "Feature milestones",
        F.PRODUCT,
        "Onboarding completed",
        "Activation: reward the finished setup while it is fresh",
        {"kind": "milestone", "milestone": "onboarding-completed"},
        _ladder(("feature-pass-7", 0)),
        ("Product events", "low", "high", "low"),
        layer=1,
    ),
    _ready(
        "integration-milestone",
        "Feature milestones",
        F.PRODUCT,
        "First integration connected",
        "Lock-in: what is connected is seldom left",
        {"kind": "milestone", "milestone": "integration-connected"},
        _ladder(("sandbox", 0)),
        ("Product events", "low", "high", "low"),
        layer=1,
    ),
    _ready(
        "workflow-streak",
        "Streaks",
        F.PRODUCT,
        "Five days in a row",
        "Habit formation in the first 90 days, when churn is highest",
        {"kind": "streak", "streak": "key-workflow-5-days"},
        _ladder(("badge-power-user", 0)),
        ("Product events by day", "low", "medium", "medium"),
        layer=1,
    ),
    _ready(
        "weekly-sign-in-streak",
        "Streaks",
        F.PRODUCT,
        "Here every week for four weeks",
        "Habit formation by the week",
        {"kind": "streak", "streak": "sign-in-4-weeks"},
        _ladder(("points-500", 0)),
        ("Sign-ins", "low", "medium", "low"),
    ),
    _ready(
        "power-user-track",
        "Power-user tracks",
        F.PRODUCT,
        "Power-user track",
        "Depth: five features, three days a week, eight weeks",
        {"kind": "track", "track": "power-user-track"},
        _ladder(("admin-tools", 0), ("advanced-training", 14)),
        ("Product events by feature", "low", "high", "medium"),
    ),
    _ready(
        "tier-reached",
        "Usage tiers",
        F.PRODUCT,
        "Welcome to a higher tier",
        "Growth in use: status with every rank",
        {"kind": "tier", "tier": None},
        _ladder(("priority-support", 0)),
        ("Seats, calls or gigabytes", "medium", "high", "medium"),
    ),
    _ready(
        "annual-conversion",
        "Annual conversion",
        F.CS,
        "From monthly to annual",
        "Commitment: an annual plan after three paid months",
        {"kind": "paid_months", "months": 3},
        _ladder(("annual-conversion-credit", 0)),
        ("Billing", "medium", "high", "low"),
        **BUYER,
    ),
    _ready(
        "renewal-credit",
        "Renewal credit",
        F.CS,
        "Renewal in 60 days",
        "Retention: a credit that counts towards the renewal",
        {"kind": "renewal_window", "days": 60},
        _ladder(("renewal-credit-5", 0)),
        ("Contracts", "medium", "high", "low"),
        audience=_all(
            _in("plan_segment", "mid_market", "self_serve"), _in("billing_frequency", "annual", "multi_year")
        ),
        **BUYER,
    ),
    _ready(
        "enterprise-renewal",
        "Renewal credit",
        F.CS,
        "Enterprise renewal: status first",
        "Retention: closeness before money",
        {"kind": "renewal_window", "days": 90},
        _ladder(("roadmap-session", 0), ("premium-sla", 21)),
        ("Contracts", "low", "high", "medium"),
        audience=_all(_in("plan_segment", "enterprise")),
        **BUYER,
    ),
    _ready(
        "seat-expansion",
        "Seat expansion",
        F.CS,
        "Nearly all seats in use",
        "Expansion: room to grow before they ask",
        {"kind": "seat_utilisation", "percent": 90},
        _ladder(("extra-seats-3", 0)),
        ("Seats bought and active", "low", "high", "low"),
        layer=1,
    ),
    _ready(
        "cancellation-rescue",
        "Pause or skip",
        F.CS,
        "Before they leave",
        "Retention: what they would lose, a pause, a smaller plan, then money",
        {"kind": "cancellation_intent"},
        # Whoever is leaving is gone in a month: all steps fit into the days for which the word to cancel counts.
        _ladder(
            ("value-recap", 0, 3),
            ("pause-or-skip", 1, 4),
            ("downgrade-path", 1, 4),
            ("service-credit-300", 1, 7),
            ("discount-10", 2, 14),
        ),
        ("Cancellation events", "medium", "high", "high"),
        layer=1,
        cooldown_days=180,
        **BUYER,
    ),
    _ready(
        "roadmap-access",
        "Roadmap access",
        F.CS,
        "Say where we go",
        "Advocacy: two years with us, or a very high NPS",
        {"kind": "tenure_or_nps", "months": 24, "nps": 9},
        _ladder(("roadmap-session", 0)),
        ("Sign-up day, NPS", "low", "medium", "low"),
        cooldown_days=365,
        audience=_all(_in("plan_segment", "mid_market", "enterprise")),
    ),
    _ready(
        "post-signup-onboarded",
        "Post-signup automation",
        F.PRODUCT,
        "Day 30, onboarded",
        "Activation: the next feature for those who are set up",
        {"kind": "days_since_sign_up", "days": 30, "onboarded": "yes"},
        _ladder(("feature-pass-7", 0)),
        ("Sign-up day, product events", "low", "medium", "low"),
    ),
    _ready(
        "post-signup-stuck",
        "Post-signup automation",
        F.PRODUCT,
        "Day 30, not onboarded",
        "Activation: help for those who are stuck",
        {"kind": "days_since_sign_up", "days": 30, "onboarded": "no"},
        _ladder(("onboarding-upgrade", 0)),
        ("Sign-up day, product events", "low", "high", "low"),
    ),
    _ready(
        "referral",
        "Referral",
        F.CS,
        "A referred company pays",
        "Acquisition: thank whoever sent a customer",
        {"kind": "referral"},
        _ladder(("referral-credit-200", 0)),
        ("Referrals, invoices", "medium", "medium", "medium"),
    ),
    _ready(
        "tier-renewal-credit",
        "Renewal credit",
        F.FINANCE,
        "A renewal is paid: what the tier promises",
        "Retention: keep the promise of the tier, in time for the next invoice",
        {"kind": "renewal_paid"},
        _ladder(("tier-renewal-credit", 0)),
        ("Invoices, tiers", "medium", "medium", "low"),
        **BUYER,
    ),
    _ready(
        "preference-quiz",
        "Preference quiz",
        F.PRODUCT,
        "They told us what they like",
        "Knowledge: answers that make every later offer fit",
        {"kind": "quiz"},
        _ladder(("points-500", 0)),
        ("Quiz answers, consent", "low", "low", "low"),
        cooldown_days=365,
    ),
    _ready(
        "growth-rebate",
        "Growth rebate",
        F.FINANCE,
        "Grown on a multi-year contract",
        "Expansion: share the growth of those who committed",
        {"kind": "multi_year_growth", "percent": 10},
        _ladder(("growth-rebate-3", 0)),
        ("ARR of two years", "medium", "high", "low"),
        cooldown_days=365,
        **BUYER,
    ),
    _ready(
        "newly-activated",
        "Segments",
        F.CS,
        "Newly activated: try the premium features",
        "Habit formation right after the first key action",
        {"kind": "segment", "segment": "newly-activated"},
        _ladder(("feature-pass-7", 0)),
        ("Product events", "low", "medium", "low"),
        layer=1,
    ),
    _ready(
        "power-users",
        "Segments",
        F.CS,
        "Power users: be first",
        "Advocacy and lock-in",
        {"kind": "segment", "segment": "power-users"},
        _ladder(("beta-access", 0)),
        ("Sign-ins, active days", "low", "medium", "low"),
        layer=1,
        cooldown_days=365,
    ),
    _ready(
        "at-risk",
        "Segments",
        F.CS,
        "At risk: one hour with us",
        "Retention: a workshop before it is too late",
        {"kind": "segment", "segment": "at-risk"},
        _ladder(("optimisation-workshop", 0)),
        ("Sign-ins, NPS", "medium", "high", "medium"),
        layer=1,
        audience=_all(_in("plan_segment", "mid_market", "enterprise")),
    ),
    _ready(
        "expansion-ready",
        "Segments",
        F.CS,
        "Ready to grow: an annual upgrade",
        "Raise ARPU of those who use most of it",
        {"kind": "segment", "segment": "expansion-ready"},
        _ladder(("annual-conversion-credit", 0), ("annual-plan-offer-10", 21)),
        ("Use by feature, billing", "medium", "high", "medium"),
        layer=1,
        cooldown_days=180,
        audience=_all(_in("billing_frequency", "monthly")),
        **BUYER,
    ),
)

BY_KEY: Mapping[str, ReadyMade] = {ready.key: ready for ready in READY_MADE}
TACTICS: tuple[str, ...] = tuple(dict.fromkeys(ready.tactic for ready in READY_MADE))
