"""Triggers that stand on the contract: its end, what was paid, how it grew, and the wish to leave."""

from decimal import Decimal

from accounts.conditions.rules.tree import All, Between, Compare, Node, OneOf, Sign
from accounts.sources.rules import Kind
from loyalty.core.people.rules import Function
from rewards.campaigns.rules.parameters import Parameter, Shape
from rewards.campaigns.rules.trigger import Condition, TriggerKind, Values

GROWTH = "arr_growth_year"
"""The fact of the growth trigger: ARR against that of a year before, as a ratio."""


def _renewal_window(values: Values) -> Node:
    return Between("days_to_renewal", Decimal(0), Decimal(values["days"]))


def _paid_months(values: Values) -> Node:
    return All(
        (
            OneOf("billing_frequency", ("monthly",)),
            Compare("paid_months", Sign.AT_LEAST, Decimal(values["months"])),
        )
    )


def _growth(values: Values) -> Node:
    return All(
        (
            OneOf("billing_frequency", ("multi_year",)),
            Compare(GROWTH, Sign.AT_LEAST, Decimal(values["percent"]) / 100),
        )
    )


CONTRACT = (
    Condition(
        TriggerKind.RENEWAL_WINDOW,
        "Renewal window",
        Function.CS,
        (Parameter("days", "Days before the contract ends", Shape.WHOLE, 60, most=365, unit="days"),),
        lambda values, names: f"the contract ends or renews within {values['days']} days",
        frozenset({Kind.SUBSCRIPTION}),
        is_event_made=False,
        rule=_renewal_window,
        cause="renews_on",
    ),
    Condition(
        TriggerKind.CANCELLATION_INTENT,
        "Cancellation intent",
        Function.CS,
        (),
        lambda values, names: "product or billing tells that the account is about to cancel",
        frozenset({Kind.SUBSCRIPTION}),
        is_event_made=True,
        rule=lambda values: Compare("cancellation_intent", Sign.EQUAL, True),
    ),
    Condition(
        TriggerKind.PAID_MONTHS,
        "Paid months",
        Function.CS,
        (Parameter("months", "Paid months", Shape.WHOLE, 3, most=120, unit="months"),),
        lambda values, names: f"{values['months']} months are paid on monthly billing",
        frozenset({Kind.SUBSCRIPTION}),
        is_event_made=False,
        rule=_paid_months,
    ),
    Condition(
        TriggerKind.MULTI_YEAR_GROWTH,
        "Multi-year growth",
        Function.FINANCE,
        (Parameter("percent", "Growth of ARR in a year", Shape.WHOLE, 10, most=1000, unit="%"),),
        lambda values, names: f"ARR on a multi-year contract is up {values['percent']} % or more in a year",
        frozenset({Kind.SUBSCRIPTION}),
        is_event_made=False,
        rule=_growth,
    ),
)
