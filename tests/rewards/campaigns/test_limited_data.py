"""An account of which no more is known than its name, industry, size and goals takes part from the first day on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh_dirty
from accounts.records.models import Account
from loyalty.core.people.models import User
from loyalty.shipped import ensure_shipped
from rewards.campaigns.evaluating import evaluate_due
from rewards.offers.models import Offer
from tests.accounts.facts.company import mark, use
from tests.factories import run_since

pytestmark = pytest.mark.django_db
KNOWN = {"name": "Acme", "industry": "Retail", "employee_count": "40", "goals": "Fewer spreadsheets"}


def test_it_has_facts_a_segment_and_is_offered_what_onboarding_earns(
    cs: User, signed_in_as: Callable[[User], Client]
) -> None:
    ensure_shipped(effective_at=datetime(2026, 1, 1, tzinfo=UTC))
    run_since("onboarding-milestone", timezone.now() - timedelta(days=3))
    assert signed_in_as(cs).post("/accounts/new/", KNOWN).status_code == 302
    account = Account.objects.get()
    facts = AccountFacts.objects.get()
    assert (facts.primary_segment, facts.sign_ins_30, facts.days_since_sign_up, facts.mrr) == ("steady",) + (None,) * 3
    evaluate_due(10)
    assert not Offer.objects.exists()

    yesterday = timezone.now().date() - timedelta(days=1)
    use(account, yesterday, "Onboarding Completed")
    mark(account, yesterday)
    refresh_dirty(10)
    evaluate_due(10)
    offer = Offer.objects.get()
    assert (offer.account, offer.campaign.key) == (account, "onboarding-milestone")
