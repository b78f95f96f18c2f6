"""Issue, redeem, expire, reverse: what stands on the books afterwards."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.ledger.models import CreditLot, Posting, PostingLine
from rewards.ledger.queries import liability, lines_of, lot_rooms
from rewards.ledger.rules import Book, Line, issue_key
from rewards.ledger.verbs import expire_lot, issue_credit, redeem, reverse
from rewards.offers.models import Grant
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
LATER = TODAY + timedelta(days=400)


def granted(amount: str = "300.00", **offer: object) -> Grant:
    made = OfferFactory(discount_equivalent=Decimal(amount), face_value=Decimal(amount), **offer)
    return Grant.objects.create(
        offer=made,
        account_id=made.account_id,
        face_value=Decimal(amount),
        currency="USD",
        expires_on=TODAY + timedelta(days=365),
    )


def test_an_issued_credit_is_a_balanced_posting_and_a_lot(finance: User) -> None:
    grant = granted()
    posting = issue_credit(grant, booked_on=TODAY, acting_user=finance)
    lot = CreditLot.objects.get()
    assert (posting.key, posting.kind, posting.booked_on) == (issue_key(grant.pk), "issue", TODAY)
    assert lines_of(posting.pk) == [
        Line(Book.REWARD_COST, Decimal("300.00"), "USD"),
        Line(Book.LIABILITY, Decimal("-300.00"), "USD", lot.pk),
    ]
    assert (lot.amount, lot.issued_on, lot.expires_on) == (Decimal("300.00"), TODAY, date(2027, 11, 22))
    assert liability("USD") == Decimal("300.00")
    line = AuditLine.objects.get(verb="ledger_posted")
    assert (line.actor, line.object_id) == (finance, str(posting.pk))
    assert line.after == {
        "key": issue_key(grant.pk),
        "booked on": "2026-11-22",
        "lines": ["credit_liability -300.00 USD", "reward_cost 300.00 USD"],
    }


def test_issuing_twice_is_issuing_once(finance: User) -> None:
    grant = granted()
    first = issue_credit(grant, booked_on=TODAY, acting_user=finance)
    assert issue_credit(grant, booked_on=TODAY, acting_user=finance) == first
    assert Posting.objects.count() == 1
    assert PostingLine.objects.count() == 2
    assert AuditLine.objects.filter(verb="ledger_posted").count() == 1


def test_the_same_key_with_other_content_is_refused_and_names_the_difference(finance: User) -> None:
    grant = granted()
    issue_credit(grant, booked_on=TODAY, acting_user=finance)
    grant.face_value = Decimal("350.00")
    with pytest.raises(DomainError, match=r"booked on 2026-11-22, not 2026-11-23.*-300\.00 USD.*-350\.00 USD"):
        issue_credit(grant, booked_on=TODAY + timedelta(days=1), acting_user=finance)
    assert liability("USD") == Decimal("300.00")


def test_a_reversal_mirrors_the_posting_once(finance: User) -> None:
    posting = issue_credit(granted(), booked_on=TODAY, acting_user=finance)
    reversal = reverse(posting, "Granted by mistake", acting_user=finance, booked_on=TODAY)
    assert reverse(posting, "Granted by mistake", acting_user=finance, booked_on=TODAY) == reversal
    assert [line.amount for line in lines_of(reversal.pk)] == [Decimal("-300.00"), Decimal("300.00")]
    assert (reversal.reverses, reversal.cause) == (posting, "Reversal: Granted by mistake")
    assert liability("USD") == Decimal(0)
    assert Posting.objects.count() == 2


def test_only_finance_reverses(cs: User, administrator: User) -> None:
    posting = issue_credit(granted(), booked_on=TODAY, acting_user=None)
    for person in (cs, administrator):
        with pytest.raises(NotAllowed):
            reverse(posting, "No", acting_user=person, booked_on=TODAY)
    assert Posting.objects.get() == posting


def test_what_cannot_be_reversed_says_why(finance: User) -> None:
    posting = issue_credit(granted(), booked_on=TODAY, acting_user=finance)
    with pytest.raises(DomainError, match="Say why"):
        reverse(posting, " ", acting_user=finance, booked_on=TODAY)
    with pytest.raises(DomainError, match="before the posting itself"):
        reverse(posting, "Wrong", acting_user=finance, booked_on=TODAY - timedelta(days=1))
    redeem(posting.account_id, Decimal(100), "USD", request="r1", invoice="INV-1", booked_on=TODAY, acting_user=None)
    with pytest.raises(DomainError, match=r"\$100\.00 of this credit was used"):
        reverse(posting, "Wrong", acting_user=finance, booked_on=TODAY)
    used = Posting.objects.get(kind="redeem")
    undone = reverse(used, "Invoice voided", acting_user=finance, booked_on=TODAY)
    with pytest.raises(DomainError, match="A reversal stands"):
        reverse(undone, "Wrong", acting_user=finance, booked_on=TODAY)
    assert liability("USD") == Decimal("300.00")


def test_redemption_takes_what_expires_first_then_the_older_then_the_lower_id(finance: User) -> None:
    account = AccountFactory()
    grants = [granted("50.00", account=account) for _ in range(4)]
    grants[1].expires_on = TODAY + timedelta(days=10)
    days = [TODAY, TODAY, TODAY - timedelta(days=1), TODAY]
    lots = [
        issue_credit(g, booked_on=day, acting_user=None).lines.get(lot__isnull=False).lot
        for g, day in zip(grants, days, strict=True)
    ]
    posting = redeem(
        account.pk, Decimal("170.00"), "USD", request="r1", invoice="INV-1", booked_on=TODAY, acting_user=None
    )
    taken = {line.lot: line.amount for line in lines_of(posting.pk) if line.lot}
    assert taken == {
        lots[1].pk: Decimal("50.00"),
        lots[2].pk: Decimal("50.00"),
        lots[0].pk: Decimal("50.00"),
        lots[3].pk: Decimal("20.00"),
    }
    assert sum(r.left for r in lot_rooms(account.pk, "USD")) == Decimal("30.00")


def test_a_redemption_request_counts_once_and_never_for_something_else() -> None:
    account_id = issue_credit(granted(), booked_on=TODAY, acting_user=None).account_id
    first = redeem(account_id, Decimal(7), "USD", request="r", invoice="INV-1", booked_on=TODAY, acting_user=None)
    again = redeem(account_id, Decimal(7), "USD", request="r", invoice="INV-1", booked_on=TODAY, acting_user=None)
    assert again == first
    with pytest.raises(DomainError, match=r"used before for \$7\.00.*asks for \$8\.00"):
        redeem(account_id, Decimal(8), "USD", request="r", invoice="INV-1", booked_on=TODAY, acting_user=None)
    with pytest.raises(DomainError, match=r"has \$293\.00 of credit.*\$293\.01 was asked for"):
        redeem(account_id, Decimal("293.01"), "USD", request="s", invoice="I", booked_on=TODAY, acting_user=None)
    assert liability("USD") == Decimal("293.00")


def test_a_lot_expires_after_its_last_day_and_again_when_a_voided_invoice_gives_back(finance: User) -> None:
    posting = issue_credit(granted(), booked_on=TODAY, acting_user=None)
    lot = CreditLot.objects.get()
    with pytest.raises(DomainError, match="until 22 Nov 2027"):
        expire_lot(lot.pk, booked_on=lot.expires_on, acting_user=None)
    used = redeem(
        posting.account_id, Decimal(100), "USD", request="r", invoice="I-1", booked_on=lot.expires_on, acting_user=None
    )
    expired = expire_lot(lot.pk, booked_on=LATER, acting_user=None)
    assert expired is not None
    assert lines_of(expired.pk)[0] == Line(Book.LIABILITY, Decimal("200.00"), "USD", lot.pk)
    assert expire_lot(lot.pk, booked_on=LATER, acting_user=None) is None
    reverse(used, "Invoice voided", acting_user=finance, booked_on=LATER)
    again = expire_lot(lot.pk, booked_on=LATER, acting_user=None)
    assert again is not None
    assert liability("USD") == Decimal(0)
    assert Posting.objects.filter(kind="expire").count() == 2
