"""What a campaign has cost so far, and whether those it offered something stay more often than those held out."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Q, Sum

from loyalty.core.errors import DomainError
from rewards.campaigns.models import Campaign
from rewards.campaigns.rules.lift import Group, Lift, lift
from rewards.ledger.models import PostingLine
from rewards.ledger.rules import Book, PostingKind
from rewards.offers.models import Offer
from rewards.offers.rules import GIVEN_BACK_STATES
from rewards.rates.queries import rates_of

NOT_TAKEN = [state.value for state in GIVEN_BACK_STATES]

# Intention to treat: whoever drew a lot counts on that side, whatever became of the offer.
_KEPT = """
SELECT lot.is_held_out, count(*), count(*) FILTER (WHERE now.mrr > 0)
FROM rewards_holdoutassignment AS lot
CROSS JOIN LATERAL (
    SELECT f.mrr FROM accounts_accountfacts AS f
    WHERE f.account_id = lot.account_id AND f.day <= (lot.assigned_at AT TIME ZONE 'UTC')::date
    ORDER BY f.day DESC LIMIT 1
) AS before
CROSS JOIN LATERAL (
    SELECT f.mrr FROM accounts_accountfacts AS f WHERE f.account_id = lot.account_id ORDER BY f.day DESC LIMIT 1
) AS now
WHERE lot.campaign_id = %s AND before.mrr > 0
GROUP BY lot.is_held_out
"""


@dataclass(frozen=True)
class Cost:
    """`credits` is what the ledger was charged less what was reversed; `others` what other rewards are worth.

    Both in the reporting currency, what is in another unit by the rate of its day; `others` at
    discount-equivalent, without what was given back.
    """

    credits: Decimal
    others: Decimal
    problem: str = ""
    """The rate that is missing, without which nobody knows what the credits cost."""

    @property
    def total(self) -> Decimal:
        return self.credits + self.others


@dataclass(frozen=True)
class Comparison:
    """Offered against held-out accounts."""

    offered: Group
    held_out: Group
    lift: Lift


def cost_so_far(campaign: Campaign) -> Cost:
    """What the campaign's grants cost, as the books and the grants tell it."""
    issued = Q(posting__kind=PostingKind.ISSUE.value) | Q(posting__reverses__kind=PostingKind.ISSUE.value)
    owed = PostingLine.objects.filter(
        issued, ledger_account__code=Book.LIABILITY.value, lot__grant__offer__campaign=campaign
    )
    by_day = owed.order_by().values_list("currency", "posting__booked_on").annotate(sum=Sum("amount"))
    others = Offer.objects.filter(campaign=campaign, grant__isnull=False, reward__is_credit=False)
    worth = others.exclude(state__in=NOT_TAKEN).aggregate(sum=Sum("discount_equivalent"))["sum"]
    try:
        credits = -sum((rates_of(unit).translated(amount, day) for unit, day, amount in by_day), Decimal(0))
    except DomainError as missing:
        return Cost(Decimal(0), worth or Decimal(0), str(missing))
    return Cost(credits, worth or Decimal(0))


def compared_with_held_out(campaign: Campaign) -> Comparison | None:
    """Who of either side still pays; None when the campaign never drew a lot."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [campaign.pk])
        sides = {is_held_out: Group(accounts, kept) for is_held_out, accounts, kept in cursor.fetchall()}
    if not sides and not campaign.holdout_percent:
        return None
    offered, held_out = sides.get(False, Group(0, 0)), sides.get(True, Group(0, 0))
    return Comparison(offered, held_out, lift(offered, held_out))
