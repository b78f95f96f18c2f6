"""What Finance assumes of the business: each figure with its unit, its bounds, its date and its source. Pure.

A set of assumptions is JSON: by name either None, which is not set, or `of` (the figure of each part as
decimal text, percent as percent), `as_of` (ISO 8601) and `source`. A part that is not in `of` is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from accounts.records.rules import PlanSegment
from loyalty.core.errors import DomainError
from loyalty.core.figures import NO_BREAK, day_text, number_text
from loyalty.core.money import money

SEGMENT_LABELS: Mapping[str, str] = {s.value: s.value.replace("_", "-").capitalize() for s in PlanSegment}
ALL = "all"
"""The one part of a figure that holds for every account."""
LONGEST_SOURCE = 200
DEFAULT_LTV_TO_CAC = Decimal(3)
DEFAULT_FIRST_REWARD_MONTHS = 18


class Unit(StrEnum):
    """What a figure counts, as it is written after it in a form; money is in the reporting currency."""

    PERCENT = "%"
    MONEY = ""
    RATIO = ": 1"
    MONTHS = "months"


class By(StrEnum):
    """What a figure is split by."""

    NOTHING = "nothing"
    PLAN_SEGMENT = "plan_segment"
    TIER = "tier"


@dataclass(frozen=True)
class Assumption:
    """One figure: its name for people, what it means, and the bounds that it lies within, both included."""

    label: str
    meaning: str
    unit: Unit
    by: By
    least: Decimal
    most: Decimal
    places: int = 2
    default: str = ""

    @property
    def unset(self) -> str:
        """What holds while nobody has set it, for people."""
        return f"not set; {self.default} holds" if self.default else "not set"


_CENT, _HUNDRED = Decimal("0.01"), Decimal(100)
ASSUMPTIONS: Mapping[str, Assumption] = {
    "gross_margin": Assumption(
        "Gross margin",
        "What is left of revenue after hosting, support and payment fees.",
        Unit.PERCENT,
        By.PLAN_SEGMENT,
        Decimal(0),
        _HUNDRED,
    ),
    "cac": Assumption(
        "CAC",
        "What winning one account costs: sales and marketing of a period by the accounts won in it.",
        Unit.MONEY,
        By.PLAN_SEGMENT,
        _CENT,
        Decimal(10_000_000),
    ),
    "churn": Assumption(
        "Monthly churn",
        "The share of accounts that leave in a month. At zero there is no LTV, only a cap of 60 months.",
        Unit.PERCENT,
        By.PLAN_SEGMENT,
        Decimal(0),
        _HUNDRED,
    ),
    "lift": Assumption(
        "Expected lift",
        "How much of its MRR the programme is expected to keep or to win more of, over a year.",
        Unit.PERCENT,
        By.NOTHING,
        Decimal(0),
        _HUNDRED,
    ),
    "least_ltv_to_cac": Assumption(
        "Minimum LTV:CAC",
        f"LTV:CAC has to stay above this after the cost of rewards. Empty: {DEFAULT_LTV_TO_CAC}:1.",
        Unit.RATIO,
        By.NOTHING,
        _CENT,
        _HUNDRED,
        default=f"{DEFAULT_LTV_TO_CAC}:1",
    ),
    "discount_limit": Assumption(
        "Limit of the average discount rate",
        "What is given in a year, at discount-equivalent, may be at most this share of the ARR of the tier.",
        Unit.PERCENT,
        By.TIER,
        Decimal(0),
        _HUNDRED,
    ),
    "first_reward_months": Assumption(
        "First reward within",
        f"By then a typical account has earned its first reward. Empty: {DEFAULT_FIRST_REWARD_MONTHS} months.",
        Unit.MONTHS,
        By.NOTHING,
        Decimal(1),
        Decimal(120),
        0,
        default=f"{DEFAULT_FIRST_REWARD_MONTHS} months",
    ),
}
FIELD_LABELS: Mapping[str, str] = {name: figure.label for name, figure in ASSUMPTIONS.items()}
UNSET: Mapping[str, Any] = dict.fromkeys(ASSUMPTIONS)


@dataclass(frozen=True)
class Assumptions:
    """What is assumed, to reckon with: percents as ratios, CAC in the reporting currency, a part by its key."""

    gross_margin: Mapping[str, Decimal]
    cac: Mapping[str, Decimal]
    churn: Mapping[str, Decimal]
    lift: Decimal | None
    least_ltv_to_cac: Decimal
    discount_limit: Mapping[str, Decimal]
    first_reward_months: int


def assumptions_of(values: Mapping[str, Any]) -> Assumptions:
    """Clean values, to reckon with; the defaults where the product has one and nothing is set."""
    months = _figures(values, "first_reward_months").get(ALL)
    return Assumptions(
        gross_margin=_figures(values, "gross_margin"),
        cac=_figures(values, "cac"),
        churn=_figures(values, "churn"),
        lift=_figures(values, "lift").get(ALL),
        least_ltv_to_cac=_figures(values, "least_ltv_to_cac").get(ALL, DEFAULT_LTV_TO_CAC),
        discount_limit=_figures(values, "discount_limit"),
        first_reward_months=DEFAULT_FIRST_REWARD_MONTHS if months is None else int(months),
    )


def _figures(values: Mapping[str, Any], name: str) -> dict[str, Decimal]:
    by = Decimal(100) if ASSUMPTIONS[name].unit is Unit.PERCENT else Decimal(1)
    return {part: Decimal(figure) / by for part, figure in ((values[name] or {}).get("of") or {}).items()}


def parts_of(name: str, tiers: Iterable[str]) -> list[str]:
    """The keys of the parts that a figure has; `tiers` are those of the tiers there are."""
    by = ASSUMPTIONS[name].by
    return list(SEGMENT_LABELS) if by is By.PLAN_SEGMENT else list(tiers) if by is By.TIER else [ALL]


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any], tiers: Iterable[str]) -> dict[str, Any]:
    """All assumptions after an edit of some, in the order of ASSUMPTIONS; raises DomainError in words."""
    merged = {name: values.get(name, now.get(name)) for name in ASSUMPTIONS}
    known = list(tiers)
    return {name: _clean(name, value, parts_of(name, known)) for name, value in merged.items()}


def _clean(name: str, value: Any, parts: Sequence[str]) -> dict[str, Any] | None:
    if not value:
        return None
    given = value.get("of") or {}
    figures = {part: given[part] for part in parts if given.get(part) not in (None, "")}
    if not figures:
        return None
    label = ASSUMPTIONS[name].label
    source = str(value.get("source") or "").strip()
    if not source or len(source) > LONGEST_SOURCE:
        raise DomainError(f"{label}: say where it comes from, in {LONGEST_SOURCE} characters at most.")
    try:
        as_of = date.fromisoformat(str(value.get("as_of") or ""))
    except ValueError as wrong:
        raise DomainError(f"{label}: say of which day it is.") from wrong
    of = {part: _figure(name, figure) for part, figure in figures.items()}
    return {"of": of, "as_of": as_of.isoformat(), "source": source}


def _figure(name: str, text: Any) -> str:
    figure = ASSUMPTIONS[name]
    try:
        number = Decimal(str(text).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    step = Decimal(1).scaleb(-figure.places)
    if not number.is_finite() or not figure.least <= number <= figure.most or number != number.quantize(step):
        bounds = f"from {number_text(figure.least)} to {number_text(figure.most)}"
        places = f"with {figure.places} decimals at most" if figure.places else "without decimals"
        raise DomainError(f"{figure.label}: a number {bounds}, {places}.")
    return f"{number.quantize(step):f}"


def figure_text(name: str, figure: Decimal | str, currency: str) -> str:
    """One figure as it stands in the values, for people: 78.00 %, $1,200.00, 3.00:1, 18 months."""
    unit, number = ASSUMPTIONS[name].unit, Decimal(figure)
    if unit is Unit.MONEY:
        return money(number, currency)
    if unit is Unit.RATIO:
        return f"{number_text(number)}:1"
    if unit is Unit.MONTHS:
        return "1 month" if number == 1 else f"{number_text(number)} months"
    return f"{number_text(number)}{NO_BREAK}%"


def part_label(part: str, tiers: Mapping[str, str]) -> str:
    """A plan segment, or a tier by its name in `tiers`, for people; "" for the one part of what is not split."""
    return "" if part == ALL else SEGMENT_LABELS.get(part) or tiers.get(part, part)


def figures_in_words(name: str, value: Any, currency: str, tiers: Mapping[str, str]) -> list[str]:
    """The figures of one assumption in the order of its parts, each with its part: Self-serve 70.00 %."""
    figures = (value or {}).get("of") or {}
    parts = [part for part in parts_of(name, tiers) if part in figures]
    # A tier that is no more keeps its figure until the next edit.
    parts += [part for part in figures if part not in parts]
    return [f"{part_label(part, tiers)} {figure_text(name, figures[part], currency)}".strip() for part in parts]


def field_in_words(name: str, value: Any, currency: str, tiers: Mapping[str, str]) -> str:
    """One assumption with its date and source, for people."""
    if not value:
        return "not set"
    figures = figures_in_words(name, value, currency, tiers)
    return f"{', '.join(figures)} ({day_text(date.fromisoformat(value['as_of']))}, {value['source']})"
