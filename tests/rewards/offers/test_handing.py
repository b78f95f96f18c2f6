"""What the customer did with an offer: noted by Customer Success, with caps and books kept right."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.required.shipped import ensure_shipped
from rewards.approvals.verbs import approve
from rewards.campaigns.models import CampaignStep
from rewards.caps.models import CapPeriod
from rewards.ledger.expiring import expire_credits
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import lock_account, redeem, reverse
from rewards.offers.handing import accept, decline, deliver, lapse_unaccepted
from rewards.offers.models import Offer
from tests.concurrency import at_once
from tests.factories import CampaignFactory, CapFactory, PersonFactory, RewardFactory
from tests.factories.grants import granted as granted_credit
from tests.rewards.campaigns.made import evaluate, reach

pytestmark = pytest.mark.django_db


@pytest.fixture
def granted(cs: User, finance: User) -> Offer:
    """An offer of a $300 credit, approved by both functions, under a cap; a second step waits behind it."""
    CapFactory(limit=Decimal("1000.00"))
    ensure_shipped()
    campaign = CampaignFactory()
    CampaignStep.objects.create(campaign=campaign, position=2, reward=RewardFactory(name="Second"), wait_days=0)
    reach(campaign)
    evaluate()
    offer = Offer.objects.get()
    approve(offer.pk, function=Function.CS, digest=offer.digest, acting_user=cs)
    return approve(offer.pk, function=Function.FINANCE, digest=offer.digest, acting_user=finance)


def books() -> tuple[Decimal, Decimal]:
    """What is spent under the cap, and what is owed."""
    assert check().problems == []
    return CapPeriod.objects.get().spent, liability("USD")


def test_delivered_and_accepted(granted: Offer, cs: User) -> None:
    offer = deliver(granted.pk, acting_user=cs)
    assert (offer.state, offer.open_until) == ("delivered", granted.grant.expires_on)
    assert offer.delivered_at is not None
    assert accept(offer.pk, note="by mail", acting_user=cs).state == "accepted"
    told = AuditLine.objects.filter(object_type="offer", verb__in=["offer_delivered", "offer_accepted"])
    assert list(told.order_by("id").values_list("verb", "typed__text", "actor")) == [
        ("offer_delivered", None, cs.pk),
        ("offer_accepted", "by mail", cs.pk),
    ]
    assert books() == (Decimal("300.00"), Decimal("300.00"))


def test_a_declined_credit_goes_off_the_books_and_opens_the_next_step(granted: Offer, cs: User) -> None:
    deliver(granted.pk, acting_user=cs)
    assert decline(granted.pk, note="too small", acting_user=cs).state == "declined"
    assert books() == (Decimal("0.00"), Decimal("0.00"))
    reversal = Posting.objects.get(kind="reverse")
    assert reversal.cause == "Reversal: the customer declined it"
    assert evaluate() == 1
    assert Offer.objects.get(step=2).reward_name == "Second"


def test_a_credit_that_was_used_cannot_be_declined(granted: Offer, cs: User) -> None:
    deliver(granted.pk, acting_user=cs)
    today = timezone.now().date()
    redeem(granted.account_id, Decimal(40), "USD", request="r", invoice="in-1", booked_on=today, acting_user=None)
    with pytest.raises(DomainError, match="was used"):
        decline(granted.pk, note="no", acting_user=cs)
    granted.refresh_from_db()
    assert granted.state == "delivered"
    assert books() == (Decimal("300.00"), Decimal("260.00"))


def test_what_makes_no_sense_changes_nothing(granted: Offer, cs: User, finance: User) -> None:
    with pytest.raises(DomainError, match="can no longer be changed"):
        accept(granted.pk, acting_user=cs)
    with pytest.raises(NotAllowed):
        deliver(granted.pk, acting_user=finance)
    deliver(granted.pk, acting_user=cs)
    with pytest.raises(DomainError, match="Say why they declined"):
        decline(granted.pk, note=" ", acting_user=cs)
    granted.refresh_from_db()
    assert granted.state == "delivered"
    assert AuditLine.objects.filter(verb="refused").count() == 1


def test_an_offer_that_nobody_accepts_lapses_after_its_last_day(granted: Offer, cs: User) -> None:
    offer = deliver(granted.pk, acting_user=cs)
    assert offer.open_until is not None
    assert (lapse_unaccepted(offer.open_until), expire_credits(offer.open_until)) == (0, 0)
    after = offer.open_until + timedelta(days=1)
    assert [lapse_unaccepted(after), lapse_unaccepted(after)] == [1, 0]
    offer.refresh_from_db()
    assert offer.state == "lapsed"
    assert [expire_credits(after), expire_credits(after)] == [1, 0]
    assert books() == (Decimal("0.00"), Decimal("0.00"))
    assert Posting.objects.get(kind="expire").booked_on == after


def test_a_step_to_be_answered_soon_lapses_with_its_credit_before_that_expires(granted: Offer, cs: User) -> None:
    Offer.objects.update(answer_days=4)
    offer = deliver(granted.pk, acting_user=cs)
    assert offer.open_until == timezone.now().date() + timedelta(days=4)
    assert lapse_unaccepted(offer.open_until) == 0
    after = offer.open_until + timedelta(days=1)
    assert [lapse_unaccepted(after), lapse_unaccepted(after)] == [1, 0]
    assert books() == (Decimal("0.00"), Decimal("0.00"))
    assert Posting.objects.get(kind="reverse").booked_on == after
    assert expire_credits(granted.grant.expires_on + timedelta(days=1)) == 0


def test_a_credit_that_is_being_used_does_not_lapse(granted: Offer, cs: User) -> None:
    offer = deliver(granted.pk, acting_user=cs)
    redeem(
        granted.account_id, Decimal(40), "USD", request="r", invoice="in-1",
        booked_on=timezone.now().date(), acting_user=None,
    )  # fmt: skip
    assert offer.open_until is not None
    assert lapse_unaccepted(offer.open_until + timedelta(days=1)) == 0
    assert CreditLot.objects.count() == 1


def test_what_was_reversed_before_can_still_be_declined_another_day(granted: Offer, cs: User, finance: User) -> None:
    today = timezone.now()
    deliver(granted.pk, acting_user=cs)
    issued = Posting.objects.get(kind="issue")
    reversal = reverse(issued, "By mistake", acting_user=finance, booked_on=today.date())
    with travel(today + timedelta(days=2), tick=False):
        assert reverse(issued, "Again", acting_user=finance, booked_on=timezone.now().date()) == reversal
        assert decline(granted.pk, note="too small", acting_user=cs).state == "declined"
    assert Posting.objects.get(kind="reverse").cause == "Reversal: By mistake"
    assert books() == (Decimal("0.00"), Decimal("0.00"))


def delivered(cs: User, **of: Any) -> Offer:
    """A credit that was delivered today and is to be answered by today."""
    offer = granted_credit("300.00", **of).offer
    Offer.objects.filter(pk=offer.pk).update(answer_days=0)
    return deliver(offer.pk, acting_user=cs)


def states() -> list[str]:
    return list(Offer.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("limit", [1, 500])
def test_one_that_cannot_lapse_is_told_and_stops_no_other(cs: User, limit: int) -> None:
    today = timezone.now().date()
    first, ahead, last = (delivered(cs, issued_on=today + timedelta(days)) for days in (0, 30, 0))
    for _ in range(2):
        with pytest.raises(DomainError) as told:
            lapse_unaccepted(today + timedelta(days=2), limit=limit)
        assert str(told.value).startswith(f"1 offer could not lapse: {ahead} ({ahead.pk}). A reversal cannot be booked")
        assert states() == ["lapsed", "delivered", "lapsed"]
    lines = AuditLine.objects.filter(verb="offer_lapsed").order_by("id").values_list("object_id", flat=True)
    assert list(lines) == [str(first.pk), str(last.pk)]
    assert (liability("USD"), check().problems) == (Decimal(300), [])


@pytest.mark.django_db(transaction=True)
def test_each_lapse_is_whole_before_the_next_waits_for_its_account(cs: User) -> None:
    """Held over several, the caps of one would wait for the account of another, which waits for caps."""
    first, second = delivered(cs), delivered(cs)

    def lapse() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
            try:
                return lapse_unaccepted(timezone.now().date() + timedelta(days=2))
            finally:
                cursor.execute("RESET lock_timeout")

    with transaction.atomic():
        lock_account(second.account_id)
        (refused,) = at_once([lapse])
    assert isinstance(refused, OperationalError)
    assert {offer.pk: offer.state for offer in Offer.objects.all()} == {first.pk: "lapsed", second.pk: "delivered"}


def test_the_buttons(granted: Offer, cs: User, finance: User, signed_in_as: Callable[[User], Client]) -> None:
    page, buttons = f"/offers/{granted.pk}/", 'name="action"'
    assert buttons not in signed_in_as(finance).get(page).content.decode()
    desk = signed_in_as(PersonFactory(functions=[Function.CS]))
    assert desk.get(page).content.decode().count(buttons) == 1
    assert desk.post(f"{page}hand", {"action": "accept"}).status_code == 409
    assert desk.post(f"{page}hand", {"action": "deliver"}).status_code == 302
    assert desk.get(page).content.decode().count(buttons) == 2
    refused = desk.post(f"{page}hand", {"action": "decline"})
    assert (refused.status_code, "Say why they declined" in refused.content.decode()) == (422, True)
    assert (
        desk.post(f"{page}hand", {"action": "decline", "note": "no"}, headers={"HX-Request": "true"}).status_code == 200
    )
    granted.refresh_from_db()
    assert granted.state == "declined"
