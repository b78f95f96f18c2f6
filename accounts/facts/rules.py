"""What each account fact means, for people and for the rules over them."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """How a fact is written; money in the reporting currency."""

    MONEY = "money"
    COUNT = "count"
    DAYS = "days"
    MINUTES = "minutes"
    RATIO = "ratio"
    SCORE = "score"
    DAY = "day"
    WORD = "word"
    WORDS = "words"


@dataclass(frozen=True)
class Meaning:
    """One fact: the column that holds it, its name for people, and what it says."""

    name: str
    label: str
    unit: Unit
    says: str


CONTRACT = (
    Meaning("plan_segment", "Plan segment", Unit.WORD, "As the CRM tells it."),
    Meaning("billing_frequency", "Billing", Unit.WORD, "Of the largest active subscription."),
    Meaning("mrr", "MRR", Unit.MONEY, "Sum over the subscriptions active on the day; trials pay nothing."),
    Meaning("arr", "ARR", Unit.MONEY, "Twelve times MRR."),
    Meaning("renews_on", "Next renewal", Unit.DAY, "The earliest coming renewal or end of an active subscription."),
    Meaning("days_to_renewal", "Days to renewal", Unit.DAYS, "From the day to the next renewal."),
    Meaning("days_since_sign_up", "Days since sign-up", Unit.DAYS, "From the day of sign-up to the day."),
)
SEATS = (
    Meaning(
        "seats_bought", "Seats bought", Unit.COUNT, "Sum over the subscriptions active on the day, without trials."
    ),
    Meaning("seats_active", "Seats active", Unit.COUNT, "Different contacts who used the product in 30 days."),
    Meaning("seat_utilisation", "Seat utilisation", Unit.RATIO, "Seats active of seats bought."),
)
USE = (
    Meaning("days_since_sign_in", "Days since sign-in", Unit.DAYS, "Since anybody last signed in."),
    Meaning("days_since_key_action", "Days since key action", Unit.DAYS, "Since the last event marked as high-value."),
    Meaning("sign_ins_30", "Sign-ins", Unit.COUNT, "In 30 days."),
    Meaning("active_days_28", "Active days", Unit.COUNT, "Days with any event, of 28."),
    Meaning("key_actions_30", "Key actions", Unit.COUNT, "Events marked as high-value, in 30 days."),
    Meaning("features_28", "Features used", Unit.COUNT, "Different events in 28 days, sign-ins left out."),
    Meaning("minutes_28", "Minutes in product", Unit.MINUTES, "Whole minutes in 28 days."),
)
CARE = (
    Meaning("open_tickets", "Open tickets", Unit.COUNT, "Open at the end of the day."),
    Meaning("tickets_30", "Tickets", Unit.COUNT, "Opened in 30 days."),
    Meaning("nps", "NPS", Unit.SCORE, "The latest answer, if it is from the last 180 days."),
    Meaning("milestones", "Milestones", Unit.WORDS, "Reached up to the day."),
)
GROUPS: tuple[tuple[str, tuple[Meaning, ...]], ...] = (
    ("Contract", CONTRACT),
    ("Seats", SEATS),
    ("Use", USE),
    ("Care", CARE),
)
MEANINGS: dict[str, Meaning] = {meaning.name: meaning for _, group in GROUPS for meaning in group}
