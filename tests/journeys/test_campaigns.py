"""A campaign from a ready-made one to its first offer, and a ladder that opens step after step."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.records.models import Account
from loyalty.core.changes.verbs import approve as decide
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from loyalty.shipped import ensure_shipped
from rewards.campaigns.models import Campaign, CampaignApproval, CampaignStep
from rewards.offers.models import Offer
from tests.factories import PersonFactory, run_since
from tests.factories.people import PASSWORD
from tests.journeys.doors import Product
from tests.journeys.visitor import Visitor

RESCUE = "cancellation-rescue"


@pytest.fixture
def drafts(transactional_db: None) -> None:
    """All that ships; the campaigns are drafts."""
    ensure_shipped(effective_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def cs_window(enter: Callable[[], Visitor], drafts: None, cs: User) -> Visitor:
    window = enter()
    window.sign_in(cs.username, PASSWORD)
    return window


def test_from_a_ready_made_campaign_to_an_offer_in_the_queue(
    cs_window: Visitor,
    enter: Callable[[], Visitor],
    customers_product: Product,
    cs_colleague: User,
    finance: User,
    product: User,
) -> None:
    page = cs_window.page
    customers_product.knows("northwind", "Northwind Traders", createdAt="2026-01-05")
    customers_product.reports("northwind", event="Signed In")
    cs_window.go(reverse("campaign-start"))
    page.get_by_role("row", name="First custom report").get_by_role("link").click()
    page.get_by_label("Name").fill("Reports, thanked for")
    page.get_by_role("button", name="See the impact").click()
    expect(page.get_by_role("heading", name="What it would mean")).to_be_visible()
    expect(page.get_by_text("Over the last 365 days it would have made no offer.")).to_be_visible()
    cs_window.inspect("campaign-new", briefly=True)
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_role("heading", name="Reports, thanked for")).to_be_visible()
    page.get_by_role("button", name="Take it as modelled").click()
    expect(page.get_by_role("button", name="Launch")).to_have_count(0)

    made = Campaign.objects.get(name="Reports, thanked for")
    for person, function in ((cs_colleague, Function.CS), (finance, Function.FINANCE), (product, Function.PRODUCT)):
        window = enter()
        window.sign_in(person.username, PASSWORD)
        window.go(reverse("campaign", args=[made.pk]))
        window.page.get_by_role("button", name=f"Approve for {FUNCTION_LABELS[function]}").click()
        expect(window.announced("Approved. Reports, thanked for is")).to_be_visible()
    page.reload()
    expect(page.get_by_text("it carries a standing approval")).to_be_visible()
    page.get_by_role("button", name="Launch").click()
    expect(cs_window.announced("Reports, thanked for is live now.")).to_be_visible()

    customers_product.reports("northwind", report="Churn by region")
    cs_window.follow("Queue")
    expect(page.get_by_role("link", name="Northwind Traders")).to_be_visible()
    cs_window.go(reverse("campaign", args=[made.pk]))
    row = page.get_by_role("table", name="How far its matches came").get_by_role("row", name="Proposed")
    expect(row).to_contain_text("1 still being decided")
    cs_window.inspect("campaign", briefly=True)
    row.get_by_role("link", name="Proposed").click()
    expect(page.get_by_role("heading", name="Matches of Reports, thanked for")).to_be_visible()
    expect(page.get_by_role("link", name="Northwind Traders")).to_be_visible()

    account = Account.objects.get(name="Northwind Traders")
    cs_window.go(f"{reverse('campaigns-trial')}?of={account.pk}")
    tried = page.get_by_role("table", name="What each campaign would do")
    expect(tried.get_by_role("row", name="Reports, thanked for")).to_contain_text("keeps quiet until")
    cs_window.go(reverse("campaigns-compare"))
    compared = page.get_by_role("table", name="Tactics compared")
    expect(compared.get_by_role("row", name="Reports, thanked for")).to_contain_text("Live")

    (step,) = made.steps.all()
    dearer = {"face_value": "375.00", "marginal_cost": "375.00", "discount_equivalent": "375.00"}
    change = propose_or_apply("reward", step.reward_id, dearer, "Worth more to us", acting_user=finance)
    assert change is not None
    decide(change.pk, digest=change.digest, acting_user=PersonFactory(functions=[Function.FINANCE]))
    window.go(reverse("campaign", args=[made.pk]))
    expect(window.page.get_by_text("It carries no standing approval any more")).to_be_visible()
    expect(window.page.get_by_role("button", name="Approve for Product")).to_be_visible()
    window.inspect("campaign-lapsed", briefly=True)


def test_who_would_leave_is_offered_a_step_only_when_the_one_before_was_declined(
    cs_window: Visitor, customers_product: Product, cs_colleague: User, finance: User, product: User
) -> None:
    page, rescue = cs_window.page, run_since(RESCUE, timezone.now() - timedelta(days=1))
    CampaignStep.objects.filter(campaign=rescue).update(wait_days=0)
    for person, function in ((cs_colleague, Function.CS), (finance, Function.FINANCE), (product, Function.PRODUCT)):
        CampaignApproval.objects.create(
            campaign=rescue, version=1, function=function.value, approved_by=person, approved_at=timezone.now()
        )
    customers_product.knows("northwind", "Northwind Traders", createdAt="2026-01-05")
    customers_product.reports("northwind", event="Cancellation Intent")
    for step, reward in enumerate(("Value recap", "Pause or skip", "Downgrade path"), start=1):
        offer = Offer.objects.get(step=step)
        cs_window.go(reverse("offer", args=[offer.pk]))
        expect(page.get_by_role("heading", name=f"{reward} for Northwind Traders")).to_be_visible()
        expect(page.get_by_text("nobody decided this offer by itself")).to_be_visible()
        if step == 1:
            cs_window.inspect("offer-standing", briefly=True)
            page.get_by_role("link", name="The recap: what Northwind Traders would lose").click()
            expect(page.get_by_role("region", name="The letter")).to_be_visible()
            page.go_back()
        page.get_by_role("button", name="Delivered").click()
        expect(page.get_by_role("button", name="Declined")).to_be_visible()
        customers_product.reports("northwind", event="Signed In")
        assert Offer.objects.count() == step
        page.get_by_label("Note").fill("They want something else")
        page.get_by_role("button", name="Declined").click()
        expect(page.get_by_role("button", name="Declined")).to_have_count(0)
        customers_product.reports("northwind", event="Signed In")
    # Money is above the threshold: from here on people decide.
    credit = Offer.objects.get(step=4)
    assert (credit.reward.kind, credit.state, credit.has_standing_approval) == ("service_credit", "in_approval", False)
