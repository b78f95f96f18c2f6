"""Terms that are changed after approvals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.revising import revise
from rewards.approvals.verbs import approve
from rewards.offers.models import Grant, Offer
from rewards.offers.terms import digest_of
from tests.factories import OfferFactory

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
