"""Triggers that stand on use, age and satisfaction."""

from decimal import Decimal

from accounts.conditions.rules.tree import All, AnyOf, Compare, Holds, How, Node, Sign
from accounts.sources.rules import Kind
from loyalty.core.people.rules import Function
from rewards.campaigns.rules.parameters import Names, Parameter, Shape
from rewards.campaigns.rules.trigger import Condition, TriggerKind, Values, name_of

DAYS_A_YEAR = 365
# Post-sign-up automation speaks of the day itself; a night that was missed is caught up within these days.
CAUGHT_UP_DAYS = 7

EITHER, ONBOARDED, NOT_ONBOARDED = "either", "yes", "no"


def _utilisation(values: Values) -> Node:
    return Compare("seat_utilisation", Sign.AT_LEAST, Decimal(values["percent"]) / 100)


def _tenure_or_nps(values: Values) -> Node:
    # Facts count days: a twelfth of a year each month, rounded up, so that the months are full.
    days = -(-values["months"] * DAYS_A_YEAR // 12)
    return AnyOf(
        (
            Compare("days_since_sign_up", Sign.AT_LEAST, Decimal(days)),
            Compare("nps", Sign.AT_LEAST, Decimal(values["nps"])),
        )
    )


def _since_sign_up(values: Values) -> Node:
    days = Decimal(values["days"])
    parts: list[Node] = [
        Compare("days_since_sign_up", Sign.AT_LEAST, days),
        Compare("days_since_sign_up", Sign.LESS, days + CAUGHT_UP_DAYS),
    ]
    if values["onboarded"] != EITHER:
        how = How.ANY if values["onboarded"] == ONBOARDED else How.NONE
        parts.append(Holds("milestones", how, (values["milestone"],)))
    return All(tuple(parts))


def _since_sign_up_says(values: Values, names: Names) -> str:
    milestone = name_of(names, "milestone", values["milestone"])
    state = {
        EITHER: "",
        ONBOARDED: f", and {milestone} was reached",
        NOT_ONBOARDED: f", and {milestone} was not reached",
    }[values["onboarded"]]
    return f"{values['days']} days have passed since sign-up{state}"


STANDING = (
    Condition(
        TriggerKind.SEAT_UTILISATION,
        "Seat utilisation",
        Function.CS,
        (Parameter("percent", "Seats active of seats bought", Shape.WHOLE, 90, most=1000, unit="%"),),
        lambda values, names: f"at least {values['percent']} % of the seats bought are active",
        frozenset({Kind.USAGE, Kind.SUBSCRIPTION}),
        is_event_made=True,
        rule=_utilisation,
    ),
    Condition(
        TriggerKind.TENURE_OR_NPS,
        "Tenure or NPS",
        Function.CS,
        (
            Parameter("months", "Months since sign-up", Shape.WHOLE, 24, most=240, unit="months"),
            Parameter("nps", "NPS from", Shape.WHOLE, 9, least=0, most=10),
        ),
        lambda values, names: f"{values['months']} months have passed since sign-up, or NPS is {values['nps']} or more",
        frozenset({Kind.ACCOUNT, Kind.FEEDBACK}),
        is_event_made=False,
        rule=_tenure_or_nps,
    ),
    Condition(
        TriggerKind.DAYS_SINCE_SIGN_UP,
        "Days since sign-up",
        Function.PRODUCT,
        (
            Parameter("days", "Days since sign-up", Shape.WHOLE, 30, most=1095, unit="days"),
            Parameter(
                "onboarded",
                "Onboarded",
                Shape.CHOICE,
                EITHER,
                choices=((EITHER, "whether or not"), (ONBOARDED, "yes"), (NOT_ONBOARDED, "no")),
            ),
            Parameter("milestone", "Onboarded means", Shape.OBJECT, "onboarding-completed", of="milestone"),
        ),
        _since_sign_up_says,
        frozenset({Kind.ACCOUNT, Kind.USAGE}),
        is_event_made=False,
        rule=_since_sign_up,
    ),
)
