"""What a rule of approval says: which function must approve an offer, and when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from accounts.records.rules import PlanSegment
from loyalty.core.errors import DomainError
from loyalty.core.money import cents, money
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.catalogue.rules import KINDS

LARGEST = Decimal("999999999.99")

FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "above_value": "Money value above",
    "soft_cap_exceeded": "A soft cap is exceeded",
    "limited_supply": "A feature of limited supply",
    "kinds": "Rewards",
    "plan_segments": "Plan segments",
    "first_use": "Nothing of the campaign was granted before",
    "in_sequence": "In sequence",
    "is_active": "In force",
}
CONDITIONS = ("above_value", "soft_cap_exceeded", "limited_supply", "kinds", "plan_segments", "first_use")
EMPTY: Mapping[str, Any] = {
    "name": "",
    "above_value": None,
    "soft_cap_exceeded": False,
    "limited_supply": False,
    "kinds": [],
    "plan_segments": [],
    "first_use": False,
    "in_sequence": True,
    "is_active": False,
}


@dataclass(frozen=True)
class ApprovalTerms:
    """All conditions that are given must hold; `above_value` in the reporting currency, exactly at it is within.

    `in_sequence`: the function decides after those before it, else at any time.
    """

    function: Function
    above_value: Decimal | None = None
    soft_cap_exceeded: bool = False
    limited_supply: bool = False
    kinds: tuple[str, ...] = ()
    plan_segments: tuple[str, ...] = ()
    first_use: bool = False
    in_sequence: bool = True

    def in_words(self, currency: str) -> str:
        """The rule as one sentence."""
        when = []
        if self.above_value is not None:
            when.append(f"the money value is above {money(self.above_value, currency)}")
        if self.soft_cap_exceeded:
            when.append("a soft cap would be exceeded")
        if self.limited_supply:
            when.append("the reward is a feature of limited supply")
        if self.kinds:
            when.append(f"the reward is {_any_of([_kind(kind) for kind in self.kinds])}")
        if self.plan_segments:
            when.append(f"the account is {_segments(self.plan_segments)}")
        if self.first_use:
            when.append("nothing of the campaign was granted before")
        order = "after those before it" if self.in_sequence else "in any order"
        return f"{FUNCTION_LABELS[self.function]} approves, {order}, when {' and '.join(when)}."

    def because(self, value: str, currency: str, exceeded: str) -> str:
        """Why the function decides an offer that meets the rule; `value` in words, `exceeded` the soft caps."""
        why = []
        if self.above_value is not None:
            threshold = money(self.above_value, currency)
            why.append(f"{value} is above the {FUNCTION_LABELS[self.function]} threshold of {threshold}")
        if self.soft_cap_exceeded:
            why.append(f"the soft cap “{exceeded}” would be exceeded")
        if self.limited_supply:
            why.append("the reward is a feature of limited supply")
        if self.kinds:
            why.append(f"the reward is {_any_of([_kind(kind) for kind in self.kinds])}")
        if self.plan_segments:
            why.append(f"the account is {_segments(self.plan_segments)}")
        if self.first_use:
            why.append("nothing of the campaign was granted before")
        return " and ".join(why)


def terms_of(function: str, values: Mapping[str, Any]) -> ApprovalTerms:
    """The terms among the JSON values of a rule."""
    above = values["above_value"]
    return ApprovalTerms(
        function=Function(function),
        above_value=None if above in (None, "") else Decimal(str(above)),
        soft_cap_exceeded=bool(values["soft_cap_exceeded"]),
        limited_supply=bool(values["limited_supply"]),
        kinds=tuple(values["kinds"]),
        plan_segments=tuple(values["plan_segments"]),
        first_use=bool(values["first_use"]),
        in_sequence=bool(values["in_sequence"]),
    )


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now[field]) for field in FIELD_LABELS}
    name = " ".join(str(merged["name"]).split())
    if not name or len(name) > 120:
        raise DomainError("The name of a rule has 1 to 120 characters.")
    cleaned: dict[str, Any] = {
        "name": name,
        "above_value": _amount(merged["above_value"]),
        "kinds": _listed(merged["kinds"], list(KINDS), "kinds of reward"),
        "plan_segments": _listed(merged["plan_segments"], [s.value for s in PlanSegment], "plan segments"),
    }
    cleaned |= {field: bool(merged[field]) for field in FIELD_LABELS if field not in cleaned}
    if not any(cleaned[condition] for condition in CONDITIONS):
        raise DomainError("Say when the function must approve: choose at least one condition.")
    return {field: cleaned[field] for field in FIELD_LABELS}


def field_in_words(field: str, value: Any, currency: str) -> str:
    """One value of a rule, as the page of a change shows it."""
    if field == "in_sequence":
        return "after those before it" if value else "in any order"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "above_value":
        return "no condition" if value in (None, "") else money(str(value), currency)
    if field == "kinds":
        return ", ".join(KINDS[kind].label for kind in value) or "no condition"
    if field == "plan_segments":
        return ", ".join(_segment(segment) for segment in value) or "no condition"
    return str(value)


def _amount(value: Any) -> str | None:
    if value in (None, ""):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= LARGEST or amount != cents(amount):
        raise DomainError("The value must be an amount from $0.00 upwards, in whole cents.")
    return f"{amount:.2f}"


def _listed(values: Any, known: Sequence[str], what: str) -> list[str]:
    if not isinstance(values, list | tuple) or any(value not in known for value in values):
        raise DomainError(f"Choose {what} from the list.")
    return sorted(dict.fromkeys(values), key=known.index)


def _kind(kind: str) -> str:
    label = KINDS[kind].label
    return label[0].lower() + label[1:]


def _segment(segment: str) -> str:
    return segment.replace("_", "-")


def _segments(segments: Sequence[str]) -> str:
    return _any_of([_segment(segment) for segment in segments])


def _any_of(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
