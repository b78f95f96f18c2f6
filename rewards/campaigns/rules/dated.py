"""Triggers that are dated facts: what was reached, entered, answered or paid for."""

from accounts.sources.rules import Kind
from loyalty.core.people.rules import Function
from rewards.campaigns.rules.parameters import Names, Parameter, Shape
from rewards.campaigns.rules.trigger import Dated, TriggerKind, Values, name_of


def _object(of: str, label: str, default: str | None = None, *, is_optional: bool = False) -> Parameter:
    return Parameter(of, label, Shape.OBJECT, default, of=of, is_optional=is_optional)


def _tier(values: Values, names: Names) -> str:
    return f"the tier {name_of(names, 'tier', values['tier'])} is reached" if values["tier"] else "a tier is reached"


USE, PAID, ASKED = frozenset({Kind.USAGE}), frozenset({Kind.SUBSCRIPTION}), frozenset({Kind.FEEDBACK})

DATED = (
    Dated(
        TriggerKind.MILESTONE,
        "Milestone",
        Function.PRODUCT,
        (_object("milestone", "Milestone"),),
        lambda values, names: f"the milestone {name_of(names, 'milestone', values['milestone'])} is reached",
        USE,
        is_event_made=True,
    ),
    Dated(
        TriggerKind.STREAK,
        "Streak",
        Function.PRODUCT,
        (_object("streak", "Streak"),),
        lambda values, names: f"the streak {name_of(names, 'streak', values['streak'])} is reached",
        USE,
        is_event_made=True,
    ),
    Dated(
        TriggerKind.TRACK,
        "Power-user track",
        Function.PRODUCT,
        (_object("track", "Track"),),
        lambda values, names: f"the power-user track {name_of(names, 'track', values['track'])} is reached",
        USE,
        is_event_made=True,
    ),
    Dated(
        TriggerKind.TIER,
        "Tier reached",
        Function.PRODUCT,
        (_object("tier", "Tier", is_optional=True),),
        _tier,
        USE,
        is_event_made=True,
    ),
    Dated(
        TriggerKind.SEGMENT,
        "Segment entered",
        Function.CS,
        (_object("segment", "Segment"),),
        lambda values, names: f"the segment {name_of(names, 'segment', values['segment'])} is entered",
        frozenset(),
        is_event_made=True,
    ),
    Dated(
        TriggerKind.REFERRAL,
        "Referral converted",
        Function.CS,
        (),
        lambda values, names: "a referred account pays its first invoice",
        PAID,
        is_event_made=True,
    ),
    Dated(
        TriggerKind.QUIZ,
        "Preference quiz completed",
        Function.PRODUCT,
        (),
        lambda values, names: "a contact completes the preference quiz, once per contact",
        ASKED,
        is_event_made=True,
    ),
    Dated(
        TriggerKind.RENEWAL_PAID,
        "Renewal paid",
        Function.FINANCE,
        (),
        lambda values, names: "the invoice of a renewal is paid",
        PAID,
        is_event_made=True,
    ),
)
