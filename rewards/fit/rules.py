"""Contract fit: which rewards go with which contract. Rules are data; this is what they may say.

A rule speaks of one class of contract and of some kinds of reward, or of all
that people hand over. `fits` recommends; `unfit` forbids, if its conditions
hold: above a per cent of a year's worth of the contract, or for as long as no
status reward was offered. A contract that is not known fits no rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError
from loyalty.core.figures import percent_text
from loyalty.core.people.rules import Function
from rewards.catalogue.rules import KINDS, owner_of_kind


class Contract(StrEnum):
    """The classes of contract: by plan segment, and by how it is billed."""

    SELF_SERVE = "self_serve"
    MID_MARKET = "mid_market"
    ENTERPRISE = "enterprise"
    MONTHLY = "monthly"
    ANNUAL = "annual"
    MULTI_YEAR = "multi_year"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Contract.SELF_SERVE: "Self-serve",
    Contract.MID_MARKET: "Mid-market",
    Contract.ENTERPRISE: "Enterprise",
    Contract.MONTHLY: "Monthly billing",
    Contract.ANNUAL: "Annual billing",
    Contract.MULTI_YEAR: "Multi-year",
}
BY_SEGMENT = (Contract.SELF_SERVE, Contract.MID_MARKET, Contract.ENTERPRISE)
BY_BILLING = (Contract.MONTHLY, Contract.ANNUAL, Contract.MULTI_YEAR)


class Verdict(StrEnum):
    FITS = "fits"
    UNFIT = "unfit"


@dataclass(frozen=True)
class FitTerms:
    """What one rule says; per cents are of a year's worth of the contract, closed ranges."""

    contract: Contract
    verdict: Verdict
    kinds: tuple[str, ...]
    by_hand: bool = False
    percent_from: Decimal | None = None
    percent_to: Decimal | None = None
    above_percent: Decimal | None = None
    before_status: bool = False

    def in_words(self) -> str:
        """The rule as one sentence: "Mid-market: no renewal credit or discount above 15.0 %"."""
        what = _joined([KINDS[kind].label[0].lower() + KINDS[kind].label[1:] for kind in self.kinds])
        if self.by_hand:
            what = f"{what} and nothing that people hand over" if what else "nothing that people hand over"
        if self.verdict is Verdict.FITS:
            bounds = ""
            if self.percent_from is not None and self.percent_to is not None:
                bounds = f" of {_percent(self.percent_from)} to {_percent(self.percent_to)}"
            return f"{self.contract.label}: {what}{bounds} fits"
        no = "" if not self.kinds else "no "
        above = f" above {_percent(self.above_percent)} of a year’s worth" if self.above_percent is not None else ""
        until = " before a status reward has been offered" if self.before_status else ""
        return f"{self.contract.label}: {no}{what}{above}{until}"


FIELD_LABELS: Mapping[str, str] = {
    "kinds": "Rewards",
    "by_hand": "Also all that people hand over",
    "percent_from": "From",
    "percent_to": "To",
    "above_percent": "Only above",
    "before_status": "Only until a status reward was offered",
    "is_active": "In force",
}


def terms_of(contract: str, verdict: str, values: Mapping[str, Any]) -> FitTerms:
    """The terms among the JSON values of a rule."""
    return FitTerms(
        contract=Contract(contract),
        verdict=Verdict(verdict),
        kinds=tuple(values["kinds"]),
        by_hand=bool(values["by_hand"]),
        percent_from=_read(values["percent_from"]),
        percent_to=_read(values["percent_to"]),
        above_percent=_read(values["above_percent"]),
        before_status=bool(values["before_status"]),
    )


def clean_values(verdict: str, now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now[field]) for field in FIELD_LABELS}
    kinds = merged["kinds"]
    if not isinstance(kinds, list | tuple) or any(kind not in KINDS for kind in kinds):
        raise DomainError("Choose kinds of reward from the list.")
    fits, by_hand = verdict == Verdict.FITS, bool(merged["by_hand"])
    if not kinds and (fits or not by_hand):
        raise DomainError("Choose at least one kind of reward.")
    low, high = _percent_of(merged["percent_from"], "From"), _percent_of(merged["percent_to"], "To")
    if (low is None) != (high is None):
        raise DomainError("Give both ends of the range, or none.")
    if low is not None and high is not None and low > high:
        raise DomainError("The range ends below where it begins.")
    above = _percent_of(merged["above_percent"], "Only above")
    if fits and (above is not None or merged["before_status"] or by_hand):
        raise DomainError("What fits has a range; conditions are for what does not fit.")
    if not fits and low is not None:
        raise DomainError("A range is for what fits; say above which per cent it does not.")
    return {
        "kinds": sorted(dict.fromkeys(kinds), key=list(KINDS).index),
        "by_hand": by_hand,
        "percent_from": None if low is None else f"{low:.2f}",
        "percent_to": None if high is None else f"{high:.2f}",
        "above_percent": None if above is None else f"{above:.2f}",
        "before_status": bool(merged["before_status"]),
        "is_active": bool(merged["is_active"]),
    }


def field_in_words(field: str, value: Any) -> str:
    """One value of a rule, as the page of a change shows it."""
    if field == "kinds":
        return ", ".join(KINDS[kind].label for kind in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "no condition" if value in (None, "") else _percent(Decimal(str(value)))


def owner_of_kinds(kinds: Sequence[str]) -> Function:
    """Who owns a rule: the owner of the rewards that it speaks of; CS where they are of several, or of none."""
    owners = {owner_of_kind(kind) for kind in kinds}
    return owners.pop() if len(owners) == 1 else Function.CS


def _percent_of(value: Any, label: str) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite() or not 0 < percent <= 100 or percent != percent.quantize(Decimal("0.01")):
        raise DomainError(f"{label}: a per cent above 0, at most 100, with two decimals at most.")
    return percent


def _read(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _percent(value: Decimal) -> str:
    return percent_text(value / 100)


def _joined(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
