"""What an account is worth against what it cost to win, before and after the cost of rewards. Pure.

- LTV = MRR × gross margin ÷ monthly churn. Without the margin this is ChartMogul's ($100 at 5 % is $2,000) and
  ProfitWell's ($10 at 4 % is $250). At zero churn it is not defined; a cap of 60 months stands beside it, which is
  what Stripe shows instead ($100 at 1.67 %, that is one in sixty, is $5,988.02).
- CAC payback = CAC ÷ (MRR × gross margin), in months ($1,000 of CAC, $100 at 80 % are 12.5 months).
- After rewards a twelfth of their yearly cost is taken off the margin of each month. MRR stays: a one-off credit
  never moves it.

Shares are ratios, money is in the reporting currency and not rounded here. None is what is not known or not defined.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rewards.affordability.rules.assumptions import SEGMENT_LABELS, Assumptions

ZERO = Decimal(0)
CAPPED_MONTHS = 60
MONTHS = 12


def ltv(margin: Decimal, churn: Decimal) -> Decimal | None:
    """What an account brings until it leaves, of its `margin` a month; None, not defined, when none ever leaves."""
    return margin / churn if churn else None


def payback_months(cac: Decimal, margin: Decimal) -> Decimal | None:
    """After how many months an account has brought in what it cost to win; None when it never does."""
    return cac / margin if margin > 0 else None


@dataclass(frozen=True)
class Side:
    """One account before rewards or after them; `margin` a month. None is unknown, but for the two said below.

    With zero churn `is_endless` holds: LTV and LTV:CAC are not defined, and the capped figures stand instead.
    `never_pays_back`: there is no payback, since nothing is left to pay with.
    """

    margin: Decimal | None
    ltv: Decimal | None = None
    capped_ltv: Decimal | None = None
    ltv_to_cac: Decimal | None = None
    capped_ltv_to_cac: Decimal | None = None
    payback: Decimal | None = None
    is_endless: bool = False
    never_pays_back: bool = False


def side(margin: Decimal, churn: Decimal | None, cac: Decimal | None) -> Side:
    """All that can be told of an account with this margin a month."""
    return _told(margin, ltv(margin, churn) if churn is not None else None, churn == 0, cac)


def _told(margin: Decimal, worth: Decimal | None, is_endless: bool, cac: Decimal | None) -> Side:
    capped = margin * CAPPED_MONTHS if is_endless else None
    return Side(
        margin=margin,
        ltv=worth,
        capped_ltv=capped,
        ltv_to_cac=worth / cac if worth is not None and cac else None,
        capped_ltv_to_cac=capped / cac if capped is not None and cac else None,
        payback=payback_months(cac, margin) if cac else None,
        is_endless=is_endless,
        never_pays_back=bool(cac) and margin <= 0,
    )


@dataclass(frozen=True)
class Cell:
    """Accounts that share a plan segment and a tier; None where that is not known.

    `paying` accounts have an MRR above zero, `mrr` is theirs together; of `unknown` it is not known. `cost` is what
    rewards cost us over twelve months, `discount` the same at discount-equivalent; `unrated` grants or postings are
    in a unit of which no rate is known, and are in neither.
    """

    plan_segment: str | None
    tier: str | None
    paying: int = 0
    unknown: int = 0
    mrr: Decimal = ZERO
    cost: Decimal = ZERO
    discount: Decimal = ZERO
    unrated: int = 0


@dataclass(frozen=True)
class Group:
    """The accounts of one plan segment, or all: what is known of them and assumed; money of all together.

    `before` and `after` are one account, had there been no rewards and after their cost.
    """

    label: str
    accounts: int
    mrr: Decimal
    cost: Decimal
    gross_margin: Decimal | None
    churn: Decimal | None
    cac: Decimal | None
    before: Side
    after: Side

    @property
    def average_mrr(self) -> Decimal | None:
        return self.mrr / self.accounts if self.accounts else None

    @property
    def average_cost(self) -> Decimal | None:
        """What rewards cost a year for each account that pays."""
        return self.cost / self.accounts if self.accounts else None

    @property
    def missing(self) -> list[str]:
        """The assumptions that nobody has set, as they are called in a sentence."""
        asked = (("gross margin", self.gross_margin), ("churn", self.churn), ("CAC", self.cac))
        return [name for name, figure in asked if figure is None]


def group_of(
    label: str,
    accounts: int,
    mrr: Decimal,
    cost: Decimal,
    gross_margin: Decimal | None,
    churn: Decimal | None,
    cac: Decimal | None,
) -> Group:
    """The group of accounts that share these assumptions; `mrr` a month and `cost` of twelve months of all together."""

    def at(yearly_cost: Decimal) -> Side:
        if gross_margin is None or not accounts:
            return Side(None)
        return side((mrr * gross_margin - yearly_cost / MONTHS) / accounts, churn, cac)

    return Group(label, accounts, mrr, cost, gross_margin, churn, cac, at(ZERO), at(cost))


def groups_of(cells: Sequence[Cell], assumed: Assumptions) -> list[Group]:
    """One group a plan segment, in the order of their size; those whose segment is not known are left out."""
    found = []
    for key, label in SEGMENT_LABELS.items():
        of = [cell for cell in cells if cell.plan_segment == key]
        found.append(
            group_of(
                label,
                sum(cell.paying for cell in of),
                sum((cell.mrr for cell in of), ZERO),
                sum((cell.cost for cell in of), ZERO),
                assumed.gross_margin.get(key),
                assumed.churn.get(key),
                assumed.cac.get(key),
            )
        )
    return found


def in_all(groups: Sequence[Group]) -> Group:
    """All groups as one: what the accounts are worth together by what all of them cost to win.

    LTV, churn and CAC are means by accounts, the margin is one by MRR: LTV by the mean churn would tell another
    figure than the accounts add up to. One unknown part leaves the whole unknown. What was given to a segment in
    which nobody pays any more is in `cost`, and lowers nobody's LTV.
    """
    paying = [group for group in groups if group.accounts]
    cac = _mean((group.cac, group.accounts) for group in paying)
    return Group(
        label="In all",
        accounts=sum(group.accounts for group in paying),
        mrr=sum((group.mrr for group in paying), ZERO),
        cost=sum((group.cost for group in groups), ZERO),
        gross_margin=_mean((group.gross_margin, group.mrr) for group in paying),
        churn=_mean((group.churn, group.accounts) for group in paying),
        cac=cac,
        before=_together([(group.before, group.accounts) for group in paying], cac),
        after=_together([(group.after, group.accounts) for group in paying], cac),
    )


def _together(sides: Sequence[tuple[Side, int]], cac: Decimal | None) -> Side:
    margin = _mean((one.margin, accounts) for one, accounts in sides)
    if margin is None:
        return Side(None)
    worth = _mean((one.ltv, accounts) for one, accounts in sides)
    is_known = all(one.is_endless or one.ltv is not None for one, _ in sides)
    is_endless = is_known and any(one.is_endless for one, _ in sides)
    return _told(margin, worth, is_endless, cac)


def _mean(weighed: Iterable[tuple[Decimal | None, Decimal | int]]) -> Decimal | None:
    total = weight = ZERO
    for figure, part in weighed:
        if figure is None:
            return None
        total, weight = total + figure * part, weight + part
    return total / weight if weight else None


@dataclass(frozen=True)
class TierRate:
    """What a tier was given over twelve months at discount-equivalent, by its ARR; None when nobody pays there."""

    name: str
    given: Decimal
    arr: Decimal
    limit: Decimal | None

    @property
    def rate(self) -> Decimal | None:
        return self.given / self.arr if self.arr else None

    @property
    def status(self) -> str:
        """The name of a status: met, not_met, unknown, or nothing where nobody pays. Exactly the limit is within it."""
        if self.rate is None:
            return "nothing"
        if self.limit is None:
            return "unknown"
        return "met" if self.rate <= self.limit else "not_met"


def tier_rates(cells: Sequence[Cell], assumed: Assumptions, tiers: Mapping[str, str]) -> list[TierRate]:
    """The rate of each tier in which somebody pays or that has a limit, in the order of `tiers` (names by key)."""
    rates = []
    for key, name in tiers.items():
        of = [cell for cell in cells if cell.tier == key]
        given, mrr = sum((cell.discount for cell in of), ZERO), sum((cell.mrr for cell in of), ZERO)
        rates.append(TierRate(name, given, mrr * MONTHS, assumed.discount_limit.get(key)))
    return [rate for rate in rates if rate.arr or rate.limit is not None]
