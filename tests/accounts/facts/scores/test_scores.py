"""Scores of the days: by cut points that are frozen for a quarter, and keep what was."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.scores.changing import KIND, THE_TERMS
from accounts.facts.scores.models import ScoreCuts
from accounts.facts.scores.queries import measure, terms
from accounts.facts.scores.rules import ENOUGH, Cut, Monetary, renewed
from accounts.facts.scores.verbs import cut_if_due
from accounts.facts.verbs import refresh
from accounts.records.models import Account
from accounts.usage.models import KeyAction
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.people.models import User
from tests.accounts.facts.company import subscription, use
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
MARCH_30 = date(2026, 3, 30)
APRIL_1 = date(2026, 4, 1)
SCORES = ("recency_score", "frequency_score", "monetary_score")


def company(size: int, day: date = MARCH_30) -> list[Account]:
    """Accounts of which the nth was here n days before `day`, did n key actions then, and pays n × 10."""
    KeyAction.objects.get_or_create(event_name="Report Exported")
    accounts = AccountFactory.create_batch(size)
    for n, account in enumerate(accounts, 1):
        use(account, day - timedelta(days=n), times=n)
        subscription(account, date(2026, 1, 1), mrr=Decimal(10 * n))
    return accounts


def scores(account: Account, day: date) -> tuple[int | None, ...]:
    return AccountFacts.objects.values_list(*SCORES).get(account=account, day=day)


def test_without_cut_points_there_is_no_score() -> None:
    acme = company(1)[0]
    refresh(None, MARCH_30, MARCH_30)
    assert scores(acme, MARCH_30) == (None, None, None)


def test_the_first_cut_is_made_of_the_first_day_with_facts_and_scores_it() -> None:
    accounts = company(5)
    refresh(None, MARCH_30, MARCH_30)
    made = cut_if_due(MARCH_30)
    assert made is not None
    assert (made.from_day, made.taken_on, made.quarter) == (MARCH_30, MARCH_30, date(2026, 1, 1))
    assert (made.recency, made.frequency, made.money) == ([1, 2, 3, 4], [2, 3, 4, 5], [20, 30, 40, 50])
    assert [scores(a, MARCH_30) for a in accounts] == [(5, 1, 1), (4, 2, 2), (3, 3, 3), (2, 4, 4), (1, 5, 5)]
    line = AuditLine.objects.get(object_type="score cuts")
    assert (line.verb, line.after["effective_day"], line.after["frequency"]) == (
        "created", "2026-03-30", ["2", "3", "4", "5"]
    )  # fmt: skip
    assert cut_if_due(MARCH_30) is None
    assert ScoreCuts.objects.count() == 1


def test_what_is_unknown_has_no_score() -> None:
    company(4)
    unknown = AccountFactory()
    refresh(None, MARCH_30, MARCH_30)
    cut_if_due(MARCH_30)
    assert scores(unknown, MARCH_30) == (None, None, None)


def test_nobody_is_known_so_there_is_nothing_to_cut() -> None:
    AccountFactory()
    refresh(None, MARCH_30, MARCH_30)
    assert cut_if_due(MARCH_30) is None
    assert not AuditLine.objects.filter(object_type="score cuts").exists()


def test_an_account_does_not_move_because_others_did_until_the_next_quarter() -> None:
    accounts = company(ENOUGH)
    middle = accounts[ENOUGH // 2]
    refresh(None, MARCH_30, MARCH_30)
    cut_if_due(MARCH_30)
    before = scores(middle, MARCH_30)
    for account in accounts[:10]:
        subscription(account, MARCH_30, mrr=Decimal(100_000))
    day = MARCH_30 + timedelta(days=1)
    refresh(None, day, day)
    assert cut_if_due(day) is None
    assert scores(middle, day)[2] == before[2] == 3
    refresh(None, APRIL_1, APRIL_1)
    made = cut_if_due(APRIL_1)
    assert made is not None
    assert (made.from_day, made.taken_on, made.quarter) == (APRIL_1, day, APRIL_1)
    assert (scores(middle, APRIL_1)[2], scores(middle, day)[2]) == (2, 3)


def test_days_worked_out_late_keep_the_cut_points_of_their_day() -> None:
    accounts = company(ENOUGH)
    for day in (MARCH_30, APRIL_1):
        refresh(None, day, day)
        cut_if_due(day)
    kept = {a.pk: scores(a, MARCH_30) for a in accounts}
    AccountFacts.objects.all().delete()
    refresh(None, MARCH_30, APRIL_1)
    assert {a.pk: scores(a, MARCH_30) for a in accounts} == kept


def test_points_of_few_accounts_are_not_frozen() -> None:
    few = {"recency": Cut([1], 3), "frequency": Cut([1], ENOUGH), "money": Cut(None, 0)}
    more = {"recency": Cut([2], 4), "frequency": Cut([9], ENOUGH + 9), "money": Cut([Decimal(7)], 1)}
    found = renewed(few, date(2026, 1, 1), more, MARCH_30)
    assert found == {"recency": Cut([2], 4), "frequency": Cut([1], ENOUGH), "money": Cut([Decimal(7)], 1)}
    assert renewed(few, date(2026, 1, 1), few, MARCH_30) is None
    assert renewed(few, date(2026, 1, 1), more, APRIL_1) == more


def test_ltv_is_what_was_paid_so_far() -> None:
    acme, other = AccountFactory.create_batch(2)
    subscription(acme, date(2026, 1, 1), mrr=Decimal("304.375"), ends_on=date(2026, 1, 11))
    subscription(acme, date(2026, 3, 26), mrr=Decimal("60.875"))
    subscription(other, date(2026, 3, 1), mrr=Decimal(1), currency="EUR")
    refresh(None, MARCH_30, MARCH_30)
    found = measure(MARCH_30, Monetary.LTV)["money"]
    # Ten days at 304.38 a month, then five at 60.88; money in another currency is not known.
    assert found == Cut([], 1)
    ScoreCuts.objects.create(
        from_day=MARCH_30, taken_on=MARCH_30, quarter=date(2026, 1, 1), monetary="ltv",
        money=[Decimal("109.99"), Decimal("110.00"), Decimal("110.01"), Decimal("110.02")],
        counted_recency=0, counted_frequency=0, counted_money=1,
    )  # fmt: skip
    refresh(None, MARCH_30, MARCH_30)
    assert scores(acme, MARCH_30) == (None, None, 3)
    assert scores(other, MARCH_30) == (None, None, None)


def test_finance_picks_what_the_monetary_score_ranks_by(finance: User, cs: User) -> None:
    today = timezone.now().date()
    accounts = company(5, today)
    # Who pays most now has paid for the shortest time.
    subscription(accounts[0], today - timedelta(days=600), mrr=Decimal(1000), ends_on=today - timedelta(days=10))
    refresh(None, today, today)
    cut_if_due(today)
    assert [scores(a, today)[2] for a in accounts] == [1, 2, 3, 4, 5]
    change = propose_or_apply(KIND, THE_TERMS, {"monetary": "ltv"}, "Loyalty counts", acting_user=cs)
    assert isinstance(change, ChangeRequest)
    assert change.owner_function == "finance"
    assert change.impact[0].endswith("1 monetary scores rise and 4 fall, of 5.")
    assert terms().monetary == "mrr"
    approve(change.pk, digest=change.digest, acting_user=finance)
    made = ScoreCuts.objects.first()
    assert made is not None
    assert (terms().monetary, terms().version, made.monetary, made.from_day) == ("ltv", 2, "ltv", today)
    assert made.recency == ScoreCuts.objects.last().recency  # type: ignore[union-attr]
    assert FactsDirty.objects.filter(day=today).count() == 5
    refresh(None, today, today)
    assert [scores(a, today)[2] for a in accounts] == [5, 1, 2, 3, 4]
