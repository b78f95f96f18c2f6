"""Terms that are changed after approvals, and approvals that are taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.revising import UNDO_WINDOW, revise, undo
from rewards.approvals.verbs import approve, reject
from rewards.caps.models import CapPeriod
from rewards.caps.verbs import reserve
from rewards.ledger.models import Posting
from rewards.ledger.reconciliation import check
from rewards.offers.models import Grant, Offer
from rewards.offers.terms import digest_of
from tests.factories import CapFactory, OfferFactory
from tests.rewards.caps.test_verbs import asked

pytestmark = pytest.mark.django_db
F = Function


def states(offer: Offer) -> list[tuple[str, str, int | None, str]]:
    return list(offer.steps.order_by("position").values_list("function", "state", "decided_by", "digest"))


def test_terms_edited_after_one_of_three_approvals_void_it(cs: User, cs_colleague: User, finance: User) -> None:
    offer = OfferFactory(functions=[F.CS, F.PRODUCT, F.FINANCE])
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    revised = revise(offer.pk, 90, "They renew in spring", digest=offer.digest, acting_user=cs_colleague)
    assert states(offer) == [(f, "waiting", None, "") for f in ("cs", "product", "finance")]
    revised.refresh_from_db()
    assert (revised.awaits, revised.validity_days, revised.digest) == (["cs"], 90, digest_of(revised.terms))
    assert revised.digest != offer.digest
    line = AuditLine.objects.get(verb="offer_revised")
    assert line.after is not None
    assert line.after["void approvals"] == ["Customer Success, by Cleo Martin"]
    # The approval of the terms of before is worth nothing, and the next function is not asked before CS is.
    with pytest.raises(DomainError, match="terms of this offer changed"):
        approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    with pytest.raises(DomainError, match="Customer Success decides first"):
        approve(offer.pk, function=F.FINANCE, digest=revised.digest, acting_user=finance)
    approve(offer.pk, function=F.CS, digest=revised.digest, acting_user=cs)
    assert Grant.objects.count() == 0


def test_a_grant_is_usable_for_the_days_that_were_approved(cs: User, cs_colleague: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    revised = revise(offer.pk, 30, "Short", digest=offer.digest, acting_user=cs_colleague)
    approve(offer.pk, function=F.CS, digest=revised.digest, acting_user=cs)
    assert Grant.objects.get().expires_on == timezone.now().date() + timedelta(30)


@pytest.mark.parametrize(
    ("days", "reason", "words"),
    [
        (0, "so", "from 1 to 1095"),
        (1096, "so", "from 1 to 1095"),
        (365, "so", "another number of days"),
        (30, " ", "Say why"),
    ],
)
def test_changes_that_make_no_sense(days: int, reason: str, words: str, cs: User) -> None:
    offer = OfferFactory()
    with pytest.raises(DomainError, match=words):
        revise(offer.pk, days, reason, digest=offer.digest, acting_user=cs)
    assert offer.revisions.count() == 0


def test_only_the_owner_of_the_campaign_changes_terms(finance: User) -> None:
    offer = OfferFactory()
    with pytest.raises(NotAllowed, match="Customer Success owns the campaign"):
        revise(offer.pk, 30, "Short", digest=offer.digest, acting_user=finance)
    assert AuditLine.objects.get(verb="refused").actor == finance


def test_an_approval_is_taken_back(cs: User) -> None:
    offer = OfferFactory()
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    undone = undo(offer.pk, acting_user=cs)
    assert (undone.awaits, states(offer)[0]) == (["cs"], ("cs", "waiting", None, ""))
    assert AuditLine.objects.get(verb="offer_undone").actor == cs
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)


def test_not_after_a_minute_not_somebody_elses_and_not_once_money_moved(
    cs: User, cs_colleague: User, finance: User
) -> None:
    offer = OfferFactory()
    with pytest.raises(DomainError, match="Nothing of this offer was decided"):
        undo(offer.pk, acting_user=cs)
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    with pytest.raises(NotAllowed, match="Only who decided last"):
        undo(offer.pk, acting_user=cs_colleague)
    offer.steps.filter(function="cs").update(decided_at=timezone.now() - UNDO_WINDOW - timedelta(seconds=1))
    with pytest.raises(DomainError, match="too late"):
        undo(offer.pk, acting_user=cs)
    approve(offer.pk, function=F.FINANCE, digest=offer.digest, acting_user=finance)
    with pytest.raises(DomainError, match="is approved"):
        undo(offer.pk, acting_user=finance)
    assert (Grant.objects.count(), Posting.objects.count()) == (1, 1)


def capped(offer: Offer, limit: str = "300.00", **fields: object) -> CapPeriod:
    """A cap on everything in which the offer holds its room already."""
    cap = CapFactory(limit=Decimal(limit), **fields)
    assert reserve([asked(offer, str(offer.discount_equivalent), offer.proposed_at.date())])[offer.pk].ok
    return CapPeriod.objects.get(cap=cap)


def used(period: CapPeriod) -> tuple[Decimal, Decimal]:
    period.refresh_from_db()
    return period.reserved, period.spent


def test_a_rejection_is_taken_back_with_its_room(cs: User, finance: User) -> None:
    offer = OfferFactory(functions=[F.CS, F.FINANCE])
    period, value = capped(offer), offer.discount_equivalent
    for _ in range(2):
        reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
        assert used(period) == (0, 0)
        undone = undo(offer.pk, acting_user=cs)
        undone.refresh_from_db()
        assert (undone.state, undone.awaits, undone.closed_at) == ("in_approval", ["cs"], None)
        assert states(offer) == [("cs", "waiting", None, ""), ("finance", "waiting", None, "")]
        assert used(period) == (value, 0)
    line = AuditLine.objects.filter(verb="offer_undone").latest("id")
    assert (line.before, line.after) == (
        {"step": "Customer Success rejected"},
        {"step": "Customer Success waiting"},
    )
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    approve(offer.pk, function=F.FINANCE, digest=offer.digest, acting_user=finance)
    assert Grant.objects.get().offer == offer
    assert used(period) == (0, value)
    assert check().problems == []


def test_a_rejection_after_an_approval_leaves_that_approval(cs: User, finance: User) -> None:
    offer = OfferFactory(functions=[F.CS, F.FINANCE])
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    reject(offer.pk, function=F.FINANCE, digest=offer.digest, note="No", acting_user=finance)
    assert undo(offer.pk, acting_user=finance).awaits == ["finance"]
    assert states(offer) == [("cs", "approved", cs.pk, offer.digest), ("finance", "waiting", None, "")]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_hard": True}, "Its room went to others meanwhile. The cap “Programme cap” has no room left"),
        ({"is_hard": False}, "Its room went to others meanwhile: it would pass “Programme cap” now"),
    ],
)
def test_a_rejection_stays_once_its_room_went_to_others(cs: User, fields: dict[str, object], words: str) -> None:
    offer = OfferFactory(functions=[F.CS])
    period = capped(offer, str(offer.discount_equivalent), **fields)
    reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
    other = OfferFactory(campaign=offer.campaign)
    assert reserve([asked(other, str(offer.discount_equivalent), offer.proposed_at.date())])[other.pk].ok
    before = (used(period), states(offer), AuditLine.objects.count())
    with pytest.raises(DomainError, match=words):
        undo(offer.pk, acting_user=cs)
    assert (used(period), states(offer), AuditLine.objects.count()) == before
    assert Offer.objects.get(pk=offer.pk).state == "rejected"


def test_a_rejection_stays_once_the_supply_went_to_others_or_the_cap_is_gone(cs: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    period = capped(offer)
    reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
    period.cap.is_active = False
    period.cap.save()
    with pytest.raises(DomainError, match="caps that it was under are others now"):
        undo(offer.pk, acting_user=cs)
    period.cap.is_active = True
    period.cap.save()
    offer.reward.supply_limit = 1
    offer.reward.save()
    OfferFactory(campaign=offer.campaign)
    with pytest.raises(DomainError, match="supply of .* went to others"):
        undo(offer.pk, acting_user=cs)


def test_only_who_rejected_and_only_for_a_minute(cs: User, cs_colleague: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
    with pytest.raises(NotAllowed, match="Only who decided last"):
        undo(offer.pk, acting_user=cs_colleague)
    offer.steps.update(decided_at=timezone.now() - UNDO_WINDOW - timedelta(seconds=1))
    with pytest.raises(DomainError, match="too late"):
        undo(offer.pk, acting_user=cs)
    assert Offer.objects.get(pk=offer.pk).state == "rejected"
