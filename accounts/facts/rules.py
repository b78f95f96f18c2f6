"""What each account fact means, for people and for the rules over them."""

from dataclasses import dataclass
from enum import StrEnum

from accounts.sources.rules import Kind


class Unit(StrEnum):
    """How a fact is written; money in the reporting currency."""

    MONEY = "money"
    COUNT = "count"
    DAYS = "days"
    MONTHS = "months"
    MINUTES = "minutes"
    RATIO = "ratio"
    SCORE = "score"
    DAY = "day"
    WORD = "word"
    WORDS = "words"
    YES_OR_NO = "yes or no"


@dataclass(frozen=True)
class Meaning:
    """One fact: its column, its name for people, the kinds of data that it stands on, and what it says.

    Where one of `kinds` is stale the figure is; those of `also` may tell it too, and it holds without them.
    """

    name: str
    label: str
    unit: Unit
    kinds: tuple[Kind, ...]
    says: str
    also: tuple[Kind, ...] = ()


_ACCOUNT, _SOLD, _USE, _SUPPORT, _FEEDBACK = ((kind,) for kind in Kind)

CONTRACT = (
    Meaning(
        "plan_segment",
        "Plan segment",
        Unit.WORD,
        _ACCOUNT,
        "As the CRM told it by the day; the first telling counts back.",
    ),
    Meaning("days_since_sign_up", "Days since sign-up", Unit.DAYS, _ACCOUNT, "From the day of sign-up to the day."),
    Meaning("billing_frequency", "Billing", Unit.WORD, _SOLD, "Of the largest active subscription."),
    Meaning(
        "contract_months",
        "Contract",
        Unit.MONTHS,
        _SOLD,
        "Length of the contract of the largest active subscription: 1 if monthly, 12 if annual, or to its end.",
    ),
    Meaning("paid_months", "Paid months", Unit.MONTHS, _SOLD, "Whole months paid for so far, breaks left out."),
    Meaning(
        "renews_on", "Next renewal", Unit.DAY, _SOLD, "The earliest coming renewal or end of an active subscription."
    ),
    Meaning("days_to_renewal", "Days to renewal", Unit.DAYS, _SOLD, "From the day to the next renewal."),
    Meaning("mrr", "MRR", Unit.MONEY, _SOLD, "Sum over the subscriptions active on the day; trials pay nothing."),
    Meaning("arr", "ARR", Unit.MONEY, _SOLD, "Twelve times MRR."),
    Meaning("mrr_year_before", "MRR a year before", Unit.MONEY, _SOLD, "MRR on the same day of the year before."),
)
SEATS = (
    Meaning(
        "seats_bought",
        "Seats bought",
        Unit.COUNT,
        _SOLD,
        "Sum over the subscriptions active on the day, without trials.",
    ),
    Meaning("seats_active", "Seats active", Unit.COUNT, _USE, "Different contacts who used the product in 30 days."),
    Meaning("seat_utilisation", "Seat utilisation", Unit.RATIO, _USE + _SOLD, "Seats active of seats bought."),
)
USE = (
    Meaning("days_since_sign_in", "Days since sign-in", Unit.DAYS, _USE, "Since anybody last signed in."),
    Meaning(
        "days_since_key_action", "Days since key action", Unit.DAYS, _USE, "Since the last event marked as high-value."
    ),
    Meaning("sign_ins_30", "Sign-ins", Unit.COUNT, _USE, "In 30 days."),
    Meaning("active_days_28", "Active days", Unit.COUNT, _USE, "Days with any event, of 28."),
    Meaning("key_actions_30", "Key actions", Unit.COUNT, _USE, "Events marked as high-value, in 30 days."),
    Meaning("features_28", "Features used", Unit.COUNT, _USE, "Different events in 28 days, sign-ins left out."),
    Meaning("minutes_28", "Minutes in product", Unit.MINUTES, _USE, "Whole minutes in 28 days."),
    Meaning("api_calls_30", "API calls", Unit.COUNT, _USE, "In 30 days; unknown until the first call is told."),
    Meaning(
        "gigabytes_30", "Gigabytes processed", Unit.COUNT, _USE, "In 30 days; unknown until events tell of gigabytes."
    ),
)
CARE = (
    Meaning("open_tickets", "Open tickets", Unit.COUNT, _SUPPORT, "Open at the end of the day."),
    Meaning("tickets_30", "Tickets", Unit.COUNT, _SUPPORT, "Opened in 30 days."),
    Meaning(
        "nps",
        "NPS",
        Unit.SCORE,
        _FEEDBACK,
        "The latest answer, if it is from the last 180 days; of several at the same time the lowest.",
    ),
    Meaning(
        "csat_90",
        "CSAT",
        Unit.SCORE,
        _FEEDBACK + _SUPPORT,
        "Mean of 90 days, 1 to 5: answers, and what tickets were rated last.",
    ),
    Meaning(
        "cancellation_intent",
        "Cancellation intent",
        Unit.YES_OR_NO,
        _SOLD,
        "A running subscription was cancelled, or the product told of the intent in 30 days.",
        also=_USE,
    ),
    Meaning("milestones", "Milestones", Unit.WORDS, _USE, "Reached up to the day."),
)
STANDING = (
    Meaning("recency_score", "Recency score", Unit.SCORE, _USE, "1 to 5; 5 was here last."),
    Meaning("frequency_score", "Frequency score", Unit.SCORE, _USE, "1 to 5; 5 did most key actions in 30 days."),
    Meaning("monetary_score", "Monetary score", Unit.SCORE, _SOLD, "1 to 5; 5 pays most."),
    Meaning("tier", "Tier", Unit.WORD, _USE, "The rank held at the end of the day."),
    Meaning("segments", "Segments", Unit.WORDS, _USE, "All that matched at the end of the day."),
    Meaning("primary_segment", "Primary segment", Unit.WORD, _USE, "The first of the segments by priority."),
)
GROUPS: tuple[tuple[str, tuple[Meaning, ...]], ...] = (
    ("Contract", CONTRACT),
    ("Seats", SEATS),
    ("Use", USE),
    ("Care", CARE),
    ("Standing", STANDING),
)
MEANINGS: dict[str, Meaning] = {meaning.name: meaning for _, group in GROUPS for meaning in group}
