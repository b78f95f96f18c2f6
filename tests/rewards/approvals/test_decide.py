"""Deciding an offer: who, when, once; and what a refused attempt leaves behind."""

from decimal import Decimal

import pytest

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function
from rewards.approvals.lapsing import lapse_overdue
from rewards.approvals.models import ApprovalStep
from rewards.approvals.verbs import approve, reject
from rewards.caps.models import CapPeriod
from rewards.caps.verbs import ReserveRequest, reserve
from rewards.ledger.models import Posting
from rewards.offers.models import Grant, Offer
from tests.factories import CapFactory, OfferFactory

pytestmark = pytest.mark.django_db
F = Function


@pytest.fixture
def offer(db: None) -> Offer:
    """An offer of $300.00 under a programme cap of $1,000.00, its room reserved."""
    CapFactory()
    made = OfferFactory(functions=[F.CS, F.FINANCE])
    result = reserve(
        [
            ReserveRequest(
                offer_id=made.pk,
                account_id=made.account_id,
                campaign_id=made.campaign_id,
                function=F.CS.value,
                reward_kind=made.reward.kind,
                amount=made.discount_equivalent,
                day=made.proposed_at.date(),
            )
        ]
    )
    assert result[made.pk].ok
    return made


def standing(offer: Offer) -> tuple[str, list[str], list[str], int, Decimal, Decimal]:
    """All that a decision could move."""
    offer.refresh_from_db()
    period = CapPeriod.objects.get()
    steps = list(offer.steps.order_by("position").values_list("state", flat=True))
    return offer.state, offer.awaits, steps, Posting.objects.count(), period.reserved, period.spent


WAITING_FOR_CS = ("in_approval", ["cs"], ["waiting", "waiting"], 0, Decimal("300.00"), Decimal("0.00"))


def test_the_first_approval_passes_it_on(offer: Offer, cs: User) -> None:
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    assert standing(offer) == (
        "in_approval",
        ["finance"],
        ["approved", "waiting"],
        0,
        Decimal("300.00"),
        Decimal("0.00"),
    )
    assert Grant.objects.count() == 0


def test_the_last_approval_grants_spends_and_posts(offer: Offer, cs: User, finance: User) -> None:
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    approve(offer.pk, function=F.FINANCE, digest=offer.digest, acting_user=finance)
    assert standing(offer) == ("approved", [], ["approved", "approved"], 1, Decimal("0.00"), Decimal("300.00"))
    posting = Posting.objects.get()
    assert sorted(posting.lines.values_list("amount", flat=True)) == [Decimal("-300.00"), Decimal("300.00")]
    verbs = list(AuditLine.objects.order_by("id").values_list("verb", "actor"))
    assert verbs == [
        (AuditVerb.OFFER_APPROVED.value, cs.pk),
        (AuditVerb.OFFER_APPROVED.value, finance.pk),
        (AuditVerb.GRANT_ISSUED.value, finance.pk),
        (AuditVerb.LEDGER_POSTED.value, finance.pk),
    ]


def test_a_rejection_frees_the_room_and_asks_nobody_else(offer: Offer, cs: User) -> None:
    reject(offer.pk, function=F.CS, digest=offer.digest, note="Leaves next month.", acting_user=cs)
    assert standing(offer) == ("rejected", [], ["rejected", "void"], 0, Decimal("0.00"), Decimal("0.00"))


def refused(offer: Offer, function: Function, person: User, words: str) -> None:
    before = standing(offer)
    with pytest.raises(NotAllowed, match=words):
        approve(offer.pk, function=function, digest=offer.digest, acting_user=person)
    assert standing(offer) == before
    line = AuditLine.objects.filter(verb=AuditVerb.REFUSED.value).latest("id")
    assert (line.actor, line.object_id) == (person, str(offer.pk))


def test_cs_cannot_decide_the_step_of_finance(offer: Offer, cs: User, cs_colleague: User) -> None:
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    refused(offer, F.FINANCE, cs, "belongs to Finance")
    refused(offer, F.FINANCE, cs_colleague, "belongs to Finance")


def test_an_administrator_has_no_say(offer: Offer, administrator: User) -> None:
    refused(offer, F.CS, administrator, "belongs to Customer Success")


def test_a_superuser_has_no_say(offer: Offer, administrator: User) -> None:
    User.objects.filter(pk=administrator.pk).update(is_superuser=True, is_staff=True)
    refused(offer, F.CS, administrator, "belongs to Customer Success")


def test_finance_cannot_go_first(offer: Offer, finance: User) -> None:
    before = standing(offer)
    with pytest.raises(DomainError, match="Customer Success decides first"):
        approve(offer.pk, function=F.FINANCE, digest=offer.digest, acting_user=finance)
    assert standing(offer) == before


def test_nobody_decides_their_own_proposal(offer: Offer, cs: User) -> None:
    Offer.objects.filter(pk=offer.pk).update(proposed_by=cs)
    refused(offer, F.CS, cs, "their own proposal")


def test_one_person_decides_for_one_function(offer: Offer, cs: User) -> None:
    Membership.objects.create(user=cs, function=F.FINANCE.value)
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    refused(offer, F.FINANCE, cs, "one function only")


def test_somebody_who_moved_to_another_function_is_refused(offer: Offer, cs: User) -> None:
    assert cs.functions == {F.CS}  # what the session knew
    Membership.objects.filter(user=cs).update(function=F.PRODUCT.value)
    refused(offer, F.CS, cs, "belongs to Customer Success")


def test_somebody_deactivated_is_refused(offer: Offer, cs: User) -> None:
    User.objects.filter(pk=cs.pk).update(is_active=False)
    refused(offer, F.CS, cs, "belongs to Customer Success")


def test_a_function_that_is_not_asked_is_refused(offer: Offer, product: User) -> None:
    refused(offer, F.PRODUCT, product, "needs no decision by Product")


def test_changed_terms_void_the_click(offer: Offer, cs: User) -> None:
    before = standing(offer)
    with pytest.raises(DomainError, match="terms of this offer changed"):
        approve(offer.pk, function=F.CS, digest="0" * 64, acting_user=cs)
    assert standing(offer) == before


def test_the_second_click_is_told_by_whom_and_when(offer: Offer, cs: User, cs_colleague: User) -> None:
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    before = standing(offer)
    with pytest.raises(DomainError, match=r"Cleo Martin approved this for Customer Success on .* UTC"):
        reject(offer.pk, function=F.CS, digest=offer.digest, note="no", acting_user=cs_colleague)
    assert standing(offer) == before


def test_overdue_lapses_and_is_never_approved(offer: Offer, cs: User) -> None:
    assert lapse_overdue(now=offer.due_at) == 0
    Offer.objects.filter(pk=offer.pk).update(due_at="2026-01-01T00:00:00Z")
    assert lapse_overdue() == 1
    assert lapse_overdue() == 0
    assert standing(offer) == ("lapsed", [], ["void", "void"], 0, Decimal("0.00"), Decimal("0.00"))
    with pytest.raises(DomainError, match="This offer is lapsed"):
        approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)


def test_steps_name_the_digest_that_was_approved(offer: Offer, cs: User) -> None:
    approve(offer.pk, function=F.CS, digest=offer.digest, note="Good fit.", acting_user=cs)
    step = ApprovalStep.objects.get(offer=offer, function=F.CS.value)
    assert (step.digest, step.note, step.decided_by) == (offer.digest, "Good fit.", cs)
