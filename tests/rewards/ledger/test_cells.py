"""The summaries and the postings are the same figure at every moment, folded or not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client

from loyalty.core.people.models import User
from rewards.ledger.folding import fold, fold_if_many
from rewards.ledger.models import BooksProof, CreditLot, MonthCell, OpenCell, Posting, UnfoldedPosting
from rewards.ledger.queries import rollforward
from rewards.ledger.reconciliation import check, keep_proof
from rewards.ledger.standing import currencies_held, standing_of
from rewards.ledger.verbs import expire_lot, issue_credit, redeem, reverse
from rewards.offers.models import Grant
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db
D = Decimal
MONTHS = [date(2026, 10, 1), date(2026, 11, 1)]


def issued(amount: int, day: date, days: int = 365) -> Posting:
    offer = OfferFactory(account=AccountFactory(), face_value=D(amount), state="approved")
    grant = Grant.objects.create(
        offer=offer,
        account_id=offer.account_id,
        face_value=D(amount),
        currency="USD",
        expires_on=day + timedelta(days=days),
    )
    return issue_credit(grant, booked_on=day, acting_user=None)


@pytest.fixture
def some(finance: User) -> Posting:
    """Something of every kind; $250 is left of the posting that is returned."""
    first = issued(300, date(2026, 10, 5))
    redeem(first.account_id, D(50), "USD", request="r", invoice="1", booked_on=date(2026, 11, 2), acting_user=None)
    reverse(issued(70, date(2026, 11, 3)), "Wrong", acting_user=finance, booked_on=date(2026, 11, 4))
    short = issued(20, date(2026, 10, 6), days=10)
    lot = CreditLot.objects.get(grant__lot__lines__posting=short)
    expire_lot(lot.pk, booked_on=date(2026, 11, 5), acting_user=None)
    return first


def test_folding_changes_where_a_figure_stands_and_never_the_figure(some: Posting) -> None:
    waiting = standing_of("USD", MONTHS)
    assert UnfoldedPosting.objects.count() == Posting.objects.count() == 6
    assert fold() == 6
    folded = standing_of("USD", MONTHS)
    assert waiting == folded
    assert folded.rows == rollforward(MONTHS, "USD")
    assert folded.holds
    assert (folded.owed, folded.splits.total, folded.splits.expires_in) == (D(250), D(250), {date(2027, 10, 1): D(250)})
    assert UnfoldedPosting.objects.count() == 0
    assert OpenCell.objects.get().amount == D(250)
    assert currencies_held() == ["USD"]


def test_folding_again_changes_nothing_and_later_postings_are_added(some: Posting) -> None:
    fold()
    before = list(MonthCell.objects.values_list("month", "kind", "amount"))
    assert fold() == 0
    assert fold_if_many() == 0
    assert list(MonthCell.objects.values_list("month", "kind", "amount")) == before
    redeem(some.account_id, D(30), "USD", request="s", invoice="2", booked_on=date(2026, 11, 6), acting_user=None)
    assert standing_of("USD", MONTHS).owed == D(220)
    fold()
    assert standing_of("USD", MONTHS).owed == D(220)
    assert standing_of("USD", MONTHS).splits.campaign == {
        some.lines.get(lot__isnull=False).lot.grant.offer.campaign_id: D(220)
    }
    assert check().problems == []


def test_a_cell_that_was_altered_is_named(some: Posting) -> None:
    fold()
    MonthCell.objects.filter(kind="redeem").update(amount=51)
    OpenCell.objects.update(amount=248)
    told = {p.what: (p.row, p.words) for p in check().problems}
    assert told["the months equal the postings"] == (
        "redeem of 2026-11 in USD",
        "the summary says 51.00, all postings say 50.00",
    )
    assert told["the open credits equal the postings"][1] == "the summary says 248.00 USD, all postings say 250.00"
    assert not standing_of("USD", MONTHS).holds


def test_a_lot_keeps_tier_and_segment_of_its_day_of_issue() -> None:
    account, day = AccountFactory(), date(2026, 10, 5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [day, day])
        for on, tier, segment in ((day, "gold", "steady"), (day - timedelta(days=1), "silver", None)):
            cursor.execute(
                "INSERT INTO accounts_accountfacts (day, account_id, tier, primary_segment) VALUES (%s, %s, %s, %s)",
                [on, account.pk, tier, segment],
            )
    for on in (day - timedelta(days=1), day, day + timedelta(days=1), day + timedelta(days=40)):
        offer = OfferFactory(account=account, face_value=D(10))
        grant = Grant.objects.create(
            offer=offer, account=account, face_value=D(10), currency="USD", expires_on=date(2027, 10, 1)
        )
        issue_credit(grant, booked_on=on, acting_user=None)
    lots = CreditLot.objects.order_by("issued_on").values_list("tier", "segment")
    assert list(lots) == [("silver", ""), ("gold", "steady"), ("gold", "steady"), ("", "")]
    splits = standing_of("USD", MONTHS).splits
    assert splits.tier == {"silver": D(10), "gold": D(20), "": D(10)}
    assert splits.segment == {"": D(20), "steady": D(20)}


@time_machine.travel("2026-11-22 10:00:00+00:00")
def test_the_page_says_when_it_was_proved(some: Posting, finance: User, signed_in_as: object) -> None:
    client: Client = signed_in_as(finance)  # type: ignore[operator]
    assert "The night proves it against all postings." in client.get("/liability/").content.decode()
    keep_proof(check())
    page = client.get("/liability/").content.decode()
    assert "Proved against all 6 postings" in page
    assert "What is left, by month of expiry" in page
    BooksProof.objects.update(holds=False)
    assert "The proof against all postings of" in client.get("/liability/").content.decode()
