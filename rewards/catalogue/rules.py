"""What can be given: the kinds of reward, what each is by nature, and how its value is worked out.

Money is in the reward's own currency. Status rewards and credits come before
discounts: what lowers a price for good is what one gives last.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from loyalty.core.errors import DomainError
from loyalty.core.figures import number_text, percent_text
from loyalty.core.money import cents, money
from loyalty.core.people.rules import FUNCTION_LABELS, Function


class Nature(StrEnum):
    """What a reward is to the customer and to our books."""

    CREDIT = "credit"
    DISCOUNT = "discount"
    FEATURE = "feature"
    STATUS = "status"
    SERVICE = "service"
    CONTRACT = "contract"


class Delivery(StrEnum):
    """Who hands it over: a system of ours, or a person with a task."""

    AUTOMATIC = "automatic"
    BY_HAND = "by_hand"


class Accounting(StrEnum):
    """How the books treat it."""

    PRICE_REDUCTION = "price_reduction"
    LIABILITY = "liability"
    EXPENSE = "expense"
    NONE = "none"


class Basis(StrEnum):
    """What the value of a reward is worked out from."""

    FIXED = "fixed"
    PERCENT_OF_RENEWAL = "percent_of_renewal"
    PERCENT_OF_ARR = "percent_of_arr"
    PERCENT_OF_MRR = "percent_of_mrr"
    PERCENT_OF_GROWTH = "percent_of_growth"
    PERCENT_OF_TIER = "percent_of_tier"


class RewardStatus(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True)
class Kind:
    """One kind of reward with what is usual for it."""

    label: str
    nature: Nature
    delivery: Delivery
    accounting: Accounting


N, D, A = Nature, Delivery, Accounting

KINDS: Mapping[str, Kind] = {
    "service_credit": Kind("Service credit", N.CREDIT, D.AUTOMATIC, A.LIABILITY),
    "renewal_credit": Kind("Renewal credit", N.CREDIT, D.AUTOMATIC, A.LIABILITY),
    "growth_rebate": Kind("Growth rebate", N.CREDIT, D.AUTOMATIC, A.LIABILITY),
    "referral_credit": Kind("Referral credit", N.CREDIT, D.AUTOMATIC, A.LIABILITY),
    "annual_conversion_credit": Kind("Annual-conversion credit", N.CREDIT, D.AUTOMATIC, A.LIABILITY),
    "points": Kind("Points", N.CREDIT, D.AUTOMATIC, A.LIABILITY),
    "discount": Kind("Discount", N.DISCOUNT, D.AUTOMATIC, A.PRICE_REDUCTION),
    "annual_plan_offer": Kind("Annual-plan offer", N.DISCOUNT, D.AUTOMATIC, A.PRICE_REDUCTION),
    "feature_pass": Kind("Premium feature pass", N.FEATURE, D.AUTOMATIC, A.NONE),
    "onboarding_upgrade": Kind("Onboarding upgrade", N.FEATURE, D.AUTOMATIC, A.NONE),
    "beta_access": Kind("Early beta access", N.FEATURE, D.AUTOMATIC, A.NONE),
    "extra_seats": Kind("Extra seats", N.FEATURE, D.AUTOMATIC, A.NONE),
    "sandbox": Kind("Sandbox environment", N.FEATURE, D.AUTOMATIC, A.NONE),
    "admin_tools": Kind("Admin tools", N.FEATURE, D.AUTOMATIC, A.NONE),
    "advanced_training": Kind("Advanced training", N.SERVICE, D.BY_HAND, A.EXPENSE),
    "optimisation_workshop": Kind("Optimisation workshop", N.SERVICE, D.BY_HAND, A.EXPENSE),
    "office_hours": Kind("Office hours", N.SERVICE, D.BY_HAND, A.EXPENSE),
    "priority_support": Kind("Priority support", N.STATUS, D.AUTOMATIC, A.EXPENSE),
    "premium_sla": Kind("Premium SLA", N.STATUS, D.AUTOMATIC, A.EXPENSE),
    "badge": Kind("Badge", N.STATUS, D.AUTOMATIC, A.NONE),
    "roadmap_session": Kind("Roadmap session", N.STATUS, D.BY_HAND, A.EXPENSE),
    "roadmap_council": Kind("Roadmap council", N.STATUS, D.BY_HAND, A.EXPENSE),
    "executive_sponsor": Kind("Executive sponsor", N.STATUS, D.BY_HAND, A.EXPENSE),
    "value_recap": Kind("Value recap", N.CONTRACT, D.AUTOMATIC, A.NONE),
    "pause_or_skip": Kind("Pause or skip", N.CONTRACT, D.AUTOMATIC, A.NONE),
    "downgrade_path": Kind("Downgrade path", N.CONTRACT, D.AUTOMATIC, A.NONE),
}
MONEY = frozenset({N.CREDIT, N.DISCOUNT})
POINTS_KIND = "points"

NATURE_WORDS: Mapping[Nature, str] = {
    N.CREDIT: "Credit: on the ledger until it is used",
    N.DISCOUNT: "Discount: lowers a price",
    N.FEATURE: "Feature of the product",
    N.STATUS: "Status: costs little, means much",
    N.SERVICE: "Work of our people",
    N.CONTRACT: "A change of the contract",
}
BASIS_WORDS: Mapping[Basis, str] = {
    Basis.FIXED: "a fixed amount",
    Basis.PERCENT_OF_RENEWAL: "% of the renewal",
    Basis.PERCENT_OF_ARR: "% of ARR",
    Basis.PERCENT_OF_MRR: "% of MRR",
    Basis.PERCENT_OF_GROWTH: "% of the growth of ARR in a year",
    Basis.PERCENT_OF_TIER: "% of the renewal credit that the tier promises",
}

FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "What the customer gets",
    "value_basis": "Value is",
    "percent": "Per cent",
    "face_value": "Face value",
    "marginal_cost": "Cost to us",
    "discount_equivalent": "Discount-equivalent",
    "delivery": "Handed over",
    "validity_days": "Valid for",
    "supply_limit": "Supply",
    "taxable": "Taxable to a person",
    "accounting": "Accounting",
    "status": "Status",
}
MONEY_FIELDS = frozenset(
    {"value_basis", "percent", "face_value", "marginal_cost", "discount_equivalent", "taxable", "accounting"}
)
"""Reward values and costs are Finance's, whoever owns the reward."""

E = TypeVar("E", bound=StrEnum)
LARGEST = Decimal("9999999.99")
MOST_PERCENT = Decimal(100)


def owner_of_kind(kind: str) -> Function:
    """Who owns rewards of a kind: Finance what has money value, Product features and training, CS the rest."""
    nature = KINDS[kind].nature
    if nature in MONEY:
        return Function.FINANCE
    if nature is Nature.FEATURE or kind == "advanced_training":
        return Function.PRODUCT
    return Function.CS


def value_in_words(basis: str, face_value: Decimal, percent: Decimal | None, currency: str) -> str:
    """The value of a reward: "$300.00", "3.0 % of the renewal", "no money value"."""
    if basis == Basis.FIXED:
        return money(face_value, currency) if face_value else "no money value"
    return f"{percent_text((percent or Decimal(0)) / 100)}{BASIS_WORDS[Basis(basis)].removeprefix('%')}"


def field_in_words(currency: str, field: str, value: Any) -> str:
    """One value of a reward in `currency` (or points), as the page of a change shows it."""
    if field == "supply_limit":
        return number_text(value) if value is not None else "unlimited"
    if value is None or value == "":
        return "none"
    if field in ("face_value", "marginal_cost", "discount_equivalent"):
        return money(str(value), currency)
    if field == "percent":
        return percent_text(Decimal(str(value)) / 100)
    if field == "validity_days":
        return f"{value} days"
    if field == "taxable":
        return "yes" if value else "no"
    if field == "value_basis":
        return BASIS_WORDS[Basis(value)]
    return str(value).replace("_", " ")


def clean_values(kind: str, now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now[field]) for field in FIELD_LABELS}
    name = str(merged["name"]).strip()
    if not 1 <= len(name) <= 120:
        raise DomainError("A reward needs a name of at most 120 letters.")
    description = str(merged["description"]).strip()
    if len(description) > 500:
        raise DomainError("Say what the customer gets in at most 500 letters.")
    basis = _member(Basis, merged["value_basis"], "what the value is")
    return {
        "name": name,
        "description": description,
        "value_basis": basis.value,
        **_clean_money(kind, basis, merged),
        "delivery": _member(Delivery, merged["delivery"], "who hands it over").value,
        "validity_days": _whole(merged["validity_days"], "The validity is a whole number of days", 1, 3650),
        "supply_limit": _supply(merged["supply_limit"]),
        "taxable": bool(merged["taxable"]),
        "accounting": _member(Accounting, merged["accounting"], "how the books treat it").value,
        "status": _status(now["status"], merged["status"]),
    }


def _clean_money(kind: str, basis: Basis, merged: Mapping[str, Any]) -> dict[str, Any]:
    amounts = {name: _amount(merged[name], FIELD_LABELS[name]) for name in ("face_value", "marginal_cost")}
    amounts["discount_equivalent"] = _amount(merged["discount_equivalent"], FIELD_LABELS["discount_equivalent"])
    if kind == POINTS_KIND:
        face = amounts["face_value"]
        if basis is not Basis.FIXED or not face or face != face.to_integral_value():
            raise DomainError("Points are given as a fixed, whole number of them.")
        # What they cost and count follows from the rate of points on the day of each offer.
        nothing = {"percent": None, "marginal_cost": "0.00", "discount_equivalent": "0.00"}
        return {"face_value": f"{face:.2f}", **nothing}
    if basis is Basis.FIXED:
        if KINDS[kind].nature in MONEY and not amounts["face_value"]:
            raise DomainError(f"A {KINDS[kind].label.lower()} has a value: give its face value, or a per cent.")
        return {"percent": None, **{name: f"{amount:.2f}" for name, amount in amounts.items()}}
    percent = _decimal(merged["percent"])
    if percent is None or not 0 < percent <= MOST_PERCENT or percent != percent.quantize(Decimal("0.01")):
        raise DomainError("The per cent lies above 0 and is at most 100, with two decimals at most.")
    # What a share of an account's own money costs us, and counts against caps, is that very money.
    return {"percent": f"{percent:.2f}", "face_value": "0.00", "marginal_cost": "0.00", "discount_equivalent": "0.00"}


def _status(now: str, wanted: Any) -> str:
    status = _member(RewardStatus, wanted, "the status")
    if status is RewardStatus.DRAFT and now != RewardStatus.DRAFT:
        raise DomainError("A reward that was live keeps its history: retire it instead of making it a draft.")
    return status.value


def _member(of: type[E], value: Any, what: str) -> E:
    try:
        return of(str(value))
    except ValueError:
        raise DomainError(f"Choose {what}.") from None


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _amount(value: Any, label: str) -> Decimal:
    amount = _decimal(value if value not in (None, "") else 0)
    if amount is None or not 0 <= amount <= LARGEST or amount != cents(amount):
        raise DomainError(f"{label}: give an amount from 0.00 to {number_text(LARGEST)}, in whole cents.")
    return amount


def _whole(value: Any, says: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise DomainError(f"{says} from {low:,} to {high:,}.")
    return value


def _supply(value: Any) -> int | None:
    return None if value in (None, "") else _whole(value, "The supply is a whole number", 1, 1_000_000)


def discount_warning(chosen_kind: str, fitting_kinds: Collection[str]) -> str | None:
    """Why a discount should not be chosen here, or None: something cheaper to give fits the same contract."""
    if chosen_kind not in KINDS or KINDS[chosen_kind].nature is not Nature.DISCOUNT:
        return None
    better = [KINDS[k].label.lower() for k in fitting_kinds if KINDS[k].nature in (Nature.CREDIT, Nature.STATUS)]
    if not better:
        return None
    named = ", ".join(better[:3])
    return f"Status rewards and credits come before discounts. These fit too: {named}. Say why it has to be a discount."


def owner_words(kind: str) -> str:
    """The function that owns rewards of a kind, for people."""
    return FUNCTION_LABELS[owner_of_kind(kind)]
