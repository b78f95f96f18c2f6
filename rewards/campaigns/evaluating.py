"""Evaluating triggers: which accounts, in which transactions, by however many workers.

Invariants: the accounts of a transaction are held while it looks and writes, so
that whatever one worker found the next one sees; a transaction that fails leaves
nothing, and its accounts are found again; marks go away in the transaction that
evaluated them.

Whatever order, batches and repetition the facts of the last days come in, and
however often they are evaluated on the way: every offer that one evaluation at the
end would make is made, with the same cause and terms, and never a second one of its
cause. What is made besides has stood on what was known when it was made, and its
evidence says so: an offer is not taken back because later data took back its cause.
Its money, too, is that of the facts in its evidence.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from accounts.records.models import Account
from rewards.campaigns.hits import TABLE, find_hits, has_later, hold_accounts
from rewards.campaigns.live import live_campaigns
from rewards.campaigns.models import EvaluationDue
from rewards.campaigns.scope import ACCOUNTS_A_RANGE, BUCKET, Scope
from rewards.campaigns.weighing import weigh
from rewards.campaigns.writing import write_offers

DUE_A_STEP = 500

CLAIM_DUE = """
WITH waiting AS (
    SELECT account_id FROM rewards_evaluationdue ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), claimed AS (
    DELETE FROM rewards_evaluationdue WHERE id IN (
        SELECT id FROM rewards_evaluationdue WHERE account_id IN (SELECT account_id FROM waiting)
        FOR UPDATE SKIP LOCKED)
    RETURNING account_id
)
SELECT DISTINCT account_id FROM claimed ORDER BY account_id
"""

# Facts of long ago decide nothing now. Whom an account was referred by is moved by its first payment.
MARK_DUE = """
INSERT INTO rewards_evaluationdue (account_id)
SELECT account_id FROM unnest(%(accounts)s::bigint[]) AS moved (account_id)
UNION
SELECT referral.referrer_id FROM accounts_referral AS referral
WHERE referral.referred_id = ANY (%(accounts)s::bigint[]) AND referral.recorded_at >= %(now)s - interval '1 day'
ORDER BY 1
"""


def follow(first_days: Mapping[int, date], last_day: date) -> None:
    """Mark accounts whose facts were refreshed, in the transaction that did it: their triggers are looked at next.

    Nothing is marked by a refresh of days that ended before yesterday.
    """
    now = timezone.now()
    if last_day < now.date() - timedelta(days=1):
        return
    with connection.cursor() as cursor:
        cursor.execute(MARK_DUE, {"accounts": list(first_days), "now": now})


def due_since(_now: datetime) -> datetime | None:
    """When the mark that has waited longest was made; None when every account is evaluated."""
    return EvaluationDue.objects.order_by("pk").values_list("marked_at", flat=True).first()


def evaluate_due(limit: int = DUE_A_STEP, *, now: datetime | None = None) -> int | None:
    """Evaluate accounts whose facts moved, up to `limit` marks; returns how many matches there were, None for no marks.

    Marks that another worker serves are left to it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_DUE, {"limit": limit})
            ids = [account for (account,) in cursor.fetchall()]
        if not ids:
            return None
        moment = now or timezone.now()
        return sum(_evaluate(Scope(day=moment.date(), now=moment, ids=ids)).values())


def evaluate_range(
    first: int, last: int, *, day: date | None = None, now: datetime | None = None, missed: int = 0
) -> Counter[str]:
    """Evaluate the accounts with ids from `first` to `last`; returns how many matches came to which outcome.

    One transaction. `day` (UTC, default today) is the day of the facts that are
    looked at, `missed` how many days before it were never evaluated.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        scope = Scope(day=day or moment.date(), now=moment, first=first, last=last, missed=missed)
        return _evaluate(scope)


def evaluate_all(*, day: date | None = None, now: datetime | None = None) -> Counter[str]:
    """Evaluate every account, range by range."""
    total: Counter[str] = Counter()
    for first, last in account_ranges():
        total += evaluate_range(first, last, day=day, now=now)
    return total


def account_ranges(size: int = ACCOUNTS_A_RANGE) -> Iterator[tuple[int, int]]:
    """The ids of all accounts, cut where buckets are: (first, last), each about `size` ids wide."""
    ends = Account.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    step = max(size // BUCKET, 1) * BUCKET
    for first in range(ends["first"] // step * step, ends["last"] + 1, step):
        yield first, first + step - 1


def _evaluate(scope: Scope) -> Counter[str]:
    """All of it, in the transaction at hand; returns how many matches came to which outcome."""
    campaigns, total = live_campaigns(now=scope.now), Counter[str]()
    if not campaigns:
        return total
    hold_accounts(scope)
    # Several causes of one account and campaign come one after the other, so that each sees the quiet time before.
    is_first = is_more_left = True
    while is_more_left and find_hits(campaigns, scope, looks_again=is_first):
        is_first, is_more_left = False, has_later()
        weigh(campaigns, scope.now)
        write_offers(campaigns, scope.now)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT coalesce(outcome, 'proposed'), count(*) FROM {TABLE} GROUP BY 1")
            total.update(dict(cursor.fetchall()))
    return total
