"""The first day of the demo's own people: what they settle and decide stands as if people had clicked it."""

from collections import Counter
from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.sealing import check_seals, seal
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.demo import decisions, finances
from rewards.caps.models import Cap, CapPeriod
from rewards.delivery.invoices.verbs import settings_now
from rewards.ledger.models import CreditLot
from rewards.ledger.reconciliation import check
from rewards.offers.models import Offer
from rewards.rates.queries import points_now
from tests.factories import CampaignFactory, OfferFactory, PersonFactory

pytestmark = pytest.mark.django_db


def two(function: Function) -> list[User]:
    return [PersonFactory(functions=[function]) for _ in range(2)]


def test_finance_settles_once_what_is_missing() -> None:
    finance = two(Function.FINANCE)
    for _ in range(2):
        finances.settle(400, *finance)
    assert [(cap.name, cap.limit) for cap in Cap.objects.order_by("id")] == [
        ("Programme", Decimal(60000)),
        ("Discounts", Decimal(6000)),
        ("Customer Success", Decimal(12000)),
        ("Workshops", Decimal(10)),
    ]
    rate = points_now(timezone.now().date())
    assert rate is not None
    assert (rate.per_unit, settings_now().connector) == (Decimal("0.01"), "file")
    assert AuditLine.objects.filter(verb="refused").count() == 0


def test_a_part_is_decided_and_handed_over_and_the_books_agree() -> None:
    cs, product, finance = two(Function.CS), two(Function.PRODUCT), two(Function.FINANCE)
    campaign = CampaignFactory()
    offers = [OfferFactory(campaign=campaign) for _ in range(60)]
    finances.settle(400, *finance)
    decisions.act(timezone.now(), cs, product, finance)
    stands = Counter((offer.state, *offer.awaits) for offer in Offer.objects.all())
    # 30 of 60 are left to CS and 5 are rejected; half of the 25 is left to Finance, which rejects 2 of its 13.
    assert (stands["in_approval", "cs"], stands["in_approval", "finance"], stands["rejected",]) == (30, 12, 7)
    assert sum(stands.values()) == len(offers)
    assert {"delivered", "accepted", "approved"} <= {state for state, *_ in stands}
    assert len(set(CreditLot.objects.values_list("expires_on", flat=True))) == len(decisions.SHORTER)
    found = check()
    assert found.problems == []
    cap = CapPeriod.objects.get(cap__scope="programme")
    given = Offer.objects.filter(grant__isnull=False).exclude(state="declined").count()
    assert (cap.reserved, cap.spent) == (42 * 300, given * 300)
    assert AuditLine.objects.filter(verb="refused").count() == 0
    assert seal() > 0
    assert check_seals().problems == []
