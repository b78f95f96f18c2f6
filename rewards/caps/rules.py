"""What a cap binds, which period a day falls in, and how fast room goes.

The database holds the same rules (`cap_targets`, `cap_takes`, `cap_starts_on`), because
it decides under concurrency; a test proves that both say the same.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum

from loyalty.core.figures import day_text, number_text
from loyalty.core.money import money
from loyalty.core.periods import FOREVER, Period, month_of, quarter_of, year_of


class CapScope(StrEnum):
    """What a cap limits. `scope_key` names which one, and is empty for the programme."""

    PROGRAMME = "programme"
    FUNCTION = "function"
    REWARD_KIND = "reward_kind"
    REWARD = "reward"
    TIER = "tier"
    SEGMENT = "segment"
    CAMPAIGN = "campaign"
    ACCOUNT = "account"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


ONLY_ACCOUNTS = "Only a cap on one account can last for the term of its contract."
BY_FACTS = (CapScope.TIER, CapScope.SEGMENT)
"""Scopes that look at the facts of the account on the day of asking."""


class CapMeasure(StrEnum):
    """What is counted: discount-equivalent value, or how often people deliver something (capacity)."""

    VALUE = "value"
    OCCURRENCES = "occurrences"


WHOLE = "A limit of occurrences is a whole number from 0 upwards."


class CapPeriodKind(StrEnum):
    """How long a limit lasts before it starts anew; `total` never does.

    The contract term is that of one account, so only a cap on an account may last for it.
    """

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CONTRACT_TERM = "contract_term"
    TOTAL = "total"


class CapEntryKind(StrEnum):
    """What moved: room taken, room used, room freed."""

    RESERVE = "reserve"
    SPEND = "spend"
    RELEASE = "release"


@dataclass(frozen=True)
class ReserveRequest:
    """Room that one offer asks for: `amount` is discount-equivalent in the reporting currency.

    `day` is the day (UTC) on which the offer is proposed and decides the period;
    `function` is the owner of the campaign; of a reward that people deliver (`is_by_hand`) the offer
    takes one occurrence as well. Without a `reward_id` no cap on one reward binds it.
    `tier` and primary `segment` are those of the account on that day, by key; empty for none.
    `term` is that of its contract which the day falls in; None without a contract.
    """

    offer_id: int
    account_id: int
    campaign_id: int
    function: str
    reward_kind: str
    amount: Decimal
    day: date
    reward_id: int | None = None
    is_by_hand: bool = False
    tier: str = ""
    segment: str = ""
    term: Period | None = None


@dataclass(frozen=True)
class CapResult:
    """Whether there was room. `reason` says which cap refused; `exceeded` names soft caps now passed."""

    ok: bool
    reason: str = ""
    exceeded: str = ""


def period_of(kind: CapPeriodKind, day: date, term: Period | None = None) -> Period:
    """The period, [starts_on, ends_on), that a day falls in; `term` is that of the contract on the day.

    Without a contract the calendar year stands for its term, so that a limit limits in any case.
    """
    match kind:
        case CapPeriodKind.MONTH:
            return month_of(day)
        case CapPeriodKind.QUARTER:
            return quarter_of(day)
        case CapPeriodKind.YEAR:
            return year_of(day)
        case CapPeriodKind.CONTRACT_TERM:
            return term or year_of(day)
        case CapPeriodKind.TOTAL:
            return FOREVER


def targets(request: ReserveRequest) -> frozenset[tuple[CapScope, str]]:
    """The (scope, scope_key) pairs of the caps that bind an offer; all of them must have room."""
    return frozenset(
        {
            (CapScope.PROGRAMME, ""),
            (CapScope.FUNCTION, request.function),
            (CapScope.REWARD_KIND, request.reward_kind),
            (CapScope.REWARD, str(request.reward_id)),
            (CapScope.TIER, request.tier),
            (CapScope.SEGMENT, request.segment),
            (CapScope.CAMPAIGN, str(request.campaign_id)),
            (CapScope.ACCOUNT, str(request.account_id)),
        }
    )


def takes(measure: CapMeasure, request: ReserveRequest) -> Decimal | None:
    """What an offer takes of a cap on one of its targets; None when a cap of that measure does not bind it."""
    if measure is CapMeasure.VALUE:
        return request.amount
    return Decimal(1) if request.is_by_hand else None


def quantity(measure: CapMeasure, figure: Decimal) -> str:
    """A figure of a cap for people: "$300.00", or "3 occurrences" (halves away from zero)."""
    if measure is CapMeasure.VALUE:
        return money(figure)
    whole = figure.quantize(Decimal(1), rounding=ROUND_HALF_UP) + 0
    return f"{number_text(whole)} occurrence{'' if abs(whole) == 1 else 's'}"


def part_of(measure: CapMeasure, part: Decimal, whole: Decimal) -> str:
    """A part of a limit for people: "$300.00 of $1,000.00", or "3 of 10 occurrences"."""
    told = quantity(measure, part) if measure is CapMeasure.VALUE else number_text(quantity_figure(measure, part))
    return f"{told} of {quantity(measure, whole)}"


def quantity_figure(measure: CapMeasure, figure: Decimal) -> Decimal:
    """The bare figure, as a field or a file has it: money with its cents, occurrences without."""
    return figure if measure is CapMeasure.VALUE else figure.quantize(Decimal(1))


def refusal(  # one sentence of six words that differ
    name: str, measure: CapMeasure, limit: Decimal, room: Decimal, amount: Decimal, until: date
) -> str:
    """Why a hard cap refuses, in words that name the cap, its limit and its room."""
    said = quantity(measure, limit)
    left = f"has {quantity(measure, room)} left of {said}" if room > 0 else f"has no room left of {said}"
    needs = amount if measure is CapMeasure.VALUE else Decimal(1)
    end = "" if until >= FOREVER.ends_on else f" until {day_text(until)}"
    return f"The cap “{name}” {left}{end}; this needs {quantity(measure, needs)}."


@dataclass(frozen=True)
class Use:
    """How much of a limit is taken; money in the reporting currency, or occurrences."""

    limit: Decimal
    reserved: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    measure: CapMeasure = CapMeasure.VALUE

    @property
    def said(self) -> dict[str, str]:
        """Each figure for people, by its name; `room_of` and `committed_of` with the limit."""
        names = ("limit", "reserved", "spent", "committed", "room", "over")
        figures = {name: quantity(self.measure, getattr(self, name)) for name in names}
        parts = {"room_of": self.room, "committed_of": self.committed}
        return figures | {name: part_of(self.measure, part, self.limit) for name, part in parts.items()}

    @property
    def bare(self) -> dict[str, str]:
        """Figures for a table that says beside them what is counted: money as money, occurrences as a number."""
        figures = {name: quantity_figure(self.measure, getattr(self, name)) for name in ("reserved", "spent", "room")}
        said = money if self.measure is CapMeasure.VALUE else number_text
        return {name: said(figure) for name, figure in figures.items()}

    @property
    def committed(self) -> Decimal:
        return self.reserved + self.spent

    @property
    def room(self) -> Decimal:
        """What new offers may still take; never below zero."""
        return max(self.limit - self.committed, Decimal(0))

    @property
    def over(self) -> Decimal:
        """By how much the limit is passed (a soft cap, or one that was lowered)."""
        return max(self.committed - self.limit, Decimal(0))

    @property
    def share(self) -> Decimal:
        """Committed over limit; 1 for a limit of zero, which is always reached."""
        return self.committed / self.limit if self.limit else Decimal(1)

    @property
    def alert(self) -> int:
        """The highest mark reached, in per cent: 0, 50, 80 or 100."""
        return max((mark for mark in ALERT_MARKS if self.share * 100 >= mark), default=0)


ALERT_MARKS = (50, 80, 100)


def gone_on(use: Use, starts_on: date, today: date, ends_on: date) -> date | None:
    """The day on which the limit is reached at the pace since the first day, or None when the period ends first.

    The pace is what was committed per day on [starts_on, today], both counted.
    """
    if use.room == 0:
        return today
    days = (today - starts_on).days + 1
    if use.committed <= 0 or days < 1:
        return None
    needed = (use.room * days / use.committed).to_integral_value(rounding=ROUND_CEILING)
    if needed > (ends_on - today).days:
        return None
    day = today + timedelta(days=int(needed))
    return day if day < ends_on else None


def change_in_words(use: Use, *, until: date, is_hard: bool, was_hard: bool, is_active: bool) -> list[str]:
    """What changed terms mean for what is committed now; `use` carries the new limit."""
    committed, limit, left = (quantity(use.measure, n) for n in (use.committed, use.limit, use.room))
    be = "is" if use.measure is CapMeasure.VALUE or use.committed == 1 else "are"
    left_be = "is" if use.measure is CapMeasure.VALUE or use.room == 1 else "are"
    if not is_active:
        return [f"This cap no longer limits anything; {committed} {be} committed under it."]
    end = "" if until >= FOREVER.ends_on else f" until {day_text(until)}"
    if use.room:
        said = [f"{committed} {be} committed of the new {limit}: {left} {left_be} left{end}."]
    elif is_hard:
        said = [f"{committed} {be} committed of the new {limit}: new offers stop{end or ' for good'}."]
    else:
        said = [f"{committed} {be} committed of the new {limit}: each new offer asks Finance{end}."]
    if was_hard and not is_hard:
        said.append("Offers above the limit will wait for Finance instead of being refused.")
    if is_hard and not was_hard:
        said.append("Offers above the limit will be refused instead of waiting for Finance.")
    return said
