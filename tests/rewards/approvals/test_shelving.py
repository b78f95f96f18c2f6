"""Offers put aside until a day, woken, and reassigned; the trigger is quiet while one is aside."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.core.absence.seats import company_day
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.lapsing import lapse_overdue
from rewards.approvals.shelving import LONGEST_SNOOZE, reassign, snooze, wake
from rewards.campaigns.models import Candidate
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CampaignFactory, OfferFactory
from tests.rewards.campaigns.made import evaluate, reach

pytestmark = pytest.mark.django_db


def test_snoozed_it_does_not_lapse_and_is_due_after_it_wakes(cs: User) -> None:
    offers = OfferFactory.create_batch(2)
    until = company_day() + timedelta(20)
    assert snooze([offer.pk for offer in offers], until, "Budget in spring", acting_user=cs) == 2
    first = Offer.objects.get(pk=offers[0].pk)
    assert (first.snoozed_until, first.snooze_reason) == (until, "Budget in spring")
    assert first.due_at is not None
    assert until + timedelta(2) <= first.due_at.date() <= until + timedelta(4)
    assert lapse_overdue(now=timezone.now() + timedelta(19)) == 0
    assert AuditLine.objects.filter(verb="offer_snoozed", typed__text="Budget in spring").count() == 2


def test_woken_it_is_due_in_two_working_days(cs: User) -> None:
    offer = OfferFactory()
    snooze([offer.pk], company_day() + timedelta(20), "Later", acting_user=cs)
    wake([offer.pk], acting_user=cs)
    offer.refresh_from_db()
    assert (offer.snoozed_until, offer.snooze_reason) == (None, "")
    assert offer.due_at is not None
    assert offer.due_at < timezone.now() + timedelta(5)
    assert {step.due_at for step in offer.steps.all()} == {offer.due_at}


@pytest.mark.parametrize("until", [None, -1, 0], ids=["never put aside", "awake since yesterday", "awake since today"])
def test_what_is_not_aside_wins_no_time_by_being_woken(until: int | None, cs: User) -> None:
    aside = OfferFactory()
    snooze([aside.pk], company_day() + timedelta(20), "Later", acting_user=cs)
    awake = OfferFactory(due_at=timezone.now() + timedelta(hours=1))
    if until is not None:
        Offer.objects.filter(pk=awake.pk).update(snoozed_until=company_day() + timedelta(until))
    before = list(Offer.objects.order_by("id").values("due_at", "snoozed_until", "steps__due_at"))
    with pytest.raises(DomainError, match="is not put aside"):
        wake([awake.pk, aside.pk], acting_user=cs)
    assert list(Offer.objects.order_by("id").values("due_at", "snoozed_until", "steps__due_at")) == before
    assert not AuditLine.objects.filter(verb="offer_woken").exists()
    assert lapse_overdue(now=timezone.now() + timedelta(hours=2)) == 1


@pytest.mark.parametrize("days", [0, -1, LONGEST_SNOOZE.days + 1])
def test_days_that_make_no_sense(days: int, cs: User) -> None:
    offer = OfferFactory()
    with pytest.raises(DomainError, match="Snooze until a day between"):
        snooze([offer.pk], company_day() + timedelta(days), "Later", acting_user=cs)
    offer.refresh_from_db()
    assert offer.snoozed_until is None


def test_one_that_is_not_mine_leaves_all_where_they_are(cs: User) -> None:
    mine, finances = OfferFactory(), OfferFactory(functions=[Function.FINANCE])
    with pytest.raises(NotAllowed, match="waits for Finance"):
        snooze([mine.pk, finances.pk], company_day() + timedelta(1), "Later", acting_user=cs)
    mine.refresh_from_db()
    assert mine.snoozed_until is None
    assert AuditLine.objects.filter(verb="refused").count() == 2


def test_the_trigger_is_quiet_while_the_offer_is_aside(cs: User) -> None:
    campaign = CampaignFactory()
    reach(campaign)
    evaluate()
    offer = Offer.objects.get()
    snooze([offer.pk], company_day() + timedelta(3), "Later", acting_user=cs)
    # Reached again by another cause, long after the quiet time of the first.
    Candidate.objects.update(caused_on=company_day() - timedelta(400), cause_key="milestone:before")
    Offer.objects.filter(pk=offer.pk).update(cause_key="milestone:before")
    assert (evaluate(), Offer.objects.count()) == (0, 1)
    wake([offer.pk], acting_user=cs)
    assert (evaluate(), Offer.objects.count()) == (1, 2)


def test_reassigned_it_is_in_the_other_book(cs: User, cs_colleague: User, administrator: User) -> None:
    offer = OfferFactory(account=AccountFactory(cs_manager=cs), assigned_to=cs)
    assert reassign([offer.pk], cs_colleague.pk, acting_user=cs) == 1
    offer.refresh_from_db()
    assert offer.assigned_to == cs_colleague
    with pytest.raises(DomainError, match="Choose a colleague"):
        reassign([offer.pk], administrator.pk, acting_user=cs)
