"""Setting a cap counts what is committed already; changing one goes by request."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.caps.changing import clean, impact
from rewards.caps.models import Cap, CapEntry, CapPeriod
from rewards.caps.rules import CapPeriodKind, CapScope
from rewards.caps.setting import NewCap, create_cap
from rewards.caps.verbs import release, spend
from rewards.ledger.verbs import issue_credit, reverse
from rewards.offers.models import Grant, Offer
from tests.factories import CapFactory, OfferFactory

pytestmark = pytest.mark.django_db


def terms(**fields: object) -> NewCap:
    given = {"name": "Programme", "scope": CapScope.PROGRAMME, "scope_key": "", "period": CapPeriodKind.YEAR}
    return NewCap(**(given | {"limit": Decimal("1000.00"), "is_hard": True} | fields))  # type: ignore[arg-type]


def grant_of(offer: Offer) -> Grant:
    Offer.objects.filter(pk=offer.pk).update(state="approved")
    return Grant.objects.create(
        offer=offer,
        account_id=offer.account_id,
        face_value=offer.face_value,
        currency="USD",
        expires_on=timezone.now().date() + timedelta(days=365),
    )


def test_a_new_cap_counts_open_offers_as_reserved_and_grants_as_spent(finance: User) -> None:
    is_open, is_granted, is_rejected, is_undone, is_old = (OfferFactory() for _ in range(5))
    grant_of(is_granted)
    Offer.objects.filter(pk=is_rejected.pk).update(state="rejected")
    posting = issue_credit(grant_of(is_undone), booked_on=timezone.now().date(), acting_user=None)
    reverse(posting, "By mistake", acting_user=finance, booked_on=timezone.now().date())
    Offer.objects.filter(pk=is_old.pk).update(proposed_at=timezone.now() - timedelta(days=400))

    cap = create_cap(terms(), acting_user=finance)

    period = CapPeriod.objects.get(cap=cap)
    assert (period.reserved, period.spent) == (Decimal("300.00"), Decimal("300.00"))
    assert set(CapEntry.objects.values_list("offer_id", "kind")) == {
        (is_open.pk, "reserve"),
        (is_granted.pk, "reserve"),
        (is_granted.pk, "spend"),
    }
    assert [spend(is_open.pk), release(is_granted.pk)] == [1, 0]
    line = AuditLine.objects.get(object_type="cap")
    assert (line.verb, line.actor, line.after["limit"]) == ("created", finance, "1000.00")


@pytest.mark.parametrize("scope", [CapScope.FUNCTION, CapScope.REWARD_KIND, CapScope.CAMPAIGN, CapScope.ACCOUNT])
def test_a_narrow_cap_counts_only_what_it_binds(finance: User, scope: CapScope) -> None:
    inside, outside = OfferFactory(), OfferFactory()
    outside.campaign.owner_function = "product"
    outside.campaign.save()
    outside.reward.kind = "pass"
    outside.reward.save()
    keys = {
        CapScope.FUNCTION: "cs",
        CapScope.REWARD_KIND: inside.reward.kind,
        CapScope.CAMPAIGN: str(inside.campaign_id),
        CapScope.ACCOUNT: str(inside.account_id),
    }
    create_cap(terms(scope=scope, scope_key=keys[scope]), acting_user=finance)
    assert CapEntry.objects.get().offer == inside


def test_only_finance_sets_a_cap(cs: User, administrator: User) -> None:
    for person in (cs, administrator):
        with pytest.raises(NotAllowed, match="belongs to Finance"):
            create_cap(terms(), acting_user=person)
    assert Cap.objects.count() == 0


def test_a_second_cap_on_the_same_thing_is_refused(finance: User) -> None:
    create_cap(terms(), acting_user=finance)
    with pytest.raises(DomainError, match=r"“Programme” limits the same thing per year already, at \$1,000\.00"):
        create_cap(terms(name="Again"), acting_user=finance)
    create_cap(terms(period=CapPeriodKind.MONTH), acting_user=finance)
    assert Cap.objects.count() == 2


def test_lowering_a_live_cap_below_what_is_committed_says_so_and_needs_a_colleague(
    finance: User, finance_colleague: User
) -> None:
    cap = create_cap(terms(period=CapPeriodKind.TOTAL), acting_user=finance)
    OfferFactory()
    cap.is_active = False
    cap.save()
    propose_or_apply("cap", cap.pk, {"is_active": True}, "Again", acting_user=finance)
    cap.refresh_from_db()
    assert (cap.version, cap.is_active) == (2, True)
    assert CapPeriod.objects.get(cap=cap).reserved == Decimal("300.00")

    change = propose_or_apply("cap", cap.pk, {"limit": "200"}, "Too much", acting_user=finance)
    assert change is not None
    assert change.impact == ["$300.00 is committed of the new $200.00: new offers stop for good."]
    with pytest.raises(NotAllowed):
        approve(change.pk, digest=change.digest, acting_user=finance)
    cap.refresh_from_db()
    assert cap.limit == Decimal("1000.00")
    approve(change.pk, digest=change.digest, acting_user=finance_colleague)
    cap.refresh_from_db()
    assert (cap.limit, cap.version) == (Decimal("200.00"), 3)
    assert ChangeRequest.objects.get().state == "applied"


@pytest.mark.parametrize("limit", ["-1", "1.001", "NaN", "Infinity", "ten", "1e30", ""])
def test_a_limit_that_is_no_amount_is_refused(limit: str) -> None:
    cap = CapFactory()
    with pytest.raises(DomainError, match="limit"):
        clean(cap.pk, {"limit": limit})


def test_impact_looks_back_at_ended_periods() -> None:
    cap = CapFactory(limit=Decimal("500.00"), is_hard=True)
    last = timezone.now().date().replace(day=1) - timedelta(days=40)
    start = last.replace(day=1)
    CapPeriod.objects.create(cap=cap, starts_on=start, ends_on=start + timedelta(days=28), spent=Decimal("450.00"))
    said = impact(cap.pk, clean(cap.pk, {"limit": "400", "is_hard": False}))
    assert said[0].startswith("$0.00 is committed of the new $400.00: $400.00 is left until")
    assert said[1:] == [
        "Offers above the limit will wait for Finance instead of being refused.",
        "Ended periods that committed more than $400.00: 1 of the latest 1.",
    ]
