"""What a cap binds, which period a day falls in, and how fast room goes.

The database holds the same two rules (`cap_targets`, `cap_starts_on`), because
it decides under concurrency; a test proves that both say the same.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from loyalty.core.figures import day_text
from loyalty.core.money import money
from loyalty.core.periods import FOREVER, Period, month_of, quarter_of, year_of


class CapScope(StrEnum):
    """What a cap limits. `scope_key` names which one, and is empty for the programme."""

    PROGRAMME = "programme"
    FUNCTION = "function"
    REWARD_KIND = "reward_kind"
    CAMPAIGN = "campaign"
    ACCOUNT = "account"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class CapPeriodKind(StrEnum):
    """How long a limit lasts before it starts anew; `total` never does."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
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
    `function` is the owner of the campaign.
    """

    offer_id: int
    account_id: int
    campaign_id: int
    function: str
    reward_kind: str
    amount: Decimal
    day: date


@dataclass(frozen=True)
class CapResult:
    """Whether there was room. `reason` says which cap refused; `exceeded` names soft caps now passed."""

    ok: bool
    reason: str = ""
    exceeded: str = ""


def period_of(kind: CapPeriodKind, day: date) -> Period:
    """The period, [starts_on, ends_on), that a day falls in."""
    match kind:
        case CapPeriodKind.MONTH:
            return month_of(day)
        case CapPeriodKind.QUARTER:
            return quarter_of(day)
        case CapPeriodKind.YEAR:
            return year_of(day)
        case CapPeriodKind.TOTAL:
            return FOREVER


def targets(request: ReserveRequest) -> frozenset[tuple[CapScope, str]]:
    """The (scope, scope_key) pairs of the caps that bind an offer; all of them must have room."""
    return frozenset(
        {
            (CapScope.PROGRAMME, ""),
            (CapScope.FUNCTION, request.function),
            (CapScope.REWARD_KIND, request.reward_kind),
            (CapScope.CAMPAIGN, str(request.campaign_id)),
            (CapScope.ACCOUNT, str(request.account_id)),
        }
    )


def refusal(name: str, limit: Decimal, room: Decimal, amount: Decimal, until: date) -> str:
    """Why a hard cap refuses, in words that name the cap, its limit and its room."""
    left = f"has {money(room)} left of {money(limit)}" if room > 0 else f"has no room left of {money(limit)}"
    end = "" if until >= FOREVER.ends_on else f" until {day_text(until)}"
    return f"The cap “{name}” {left}{end}; this needs {money(amount)}."


@dataclass(frozen=True)
class Use:
    """How much of a limit is taken; money in the reporting currency."""

    limit: Decimal
    reserved: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)

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
    if not is_active:
        return [f"This cap no longer limits anything; {money(use.committed)} is committed under it."]
    end = "" if until >= FOREVER.ends_on else f" until {day_text(until)}"
    committed, limit = money(use.committed), money(use.limit)
    if use.room:
        said = [f"{committed} is committed of the new {limit}: {money(use.room)} is left{end}."]
    elif is_hard:
        said = [f"{committed} is committed of the new {limit}: new offers stop{end or ' for good'}."]
    else:
        said = [f"{committed} is committed of the new {limit}: each new offer asks Finance{end}."]
    if was_hard and not is_hard:
        said.append("Offers above the limit will wait for Finance instead of being refused.")
    if is_hard and not was_hard:
        said.append("Offers above the limit will be refused instead of waiting for Finance.")
    return said
