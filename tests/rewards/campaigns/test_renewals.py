"""Renewal credits of tiers: on the ledger once the renewal is paid, once an invoice, back when it is taken back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from time_machine import travel

from accounts.records.models import Account, BillingCredit, Invoice
from accounts.renewals.models import Renewal
from accounts.renewals.verbs import detect_renewals
from accounts.tiers.models import Tier
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.renewals import REASON, take_back_renewals
from rewards.approvals.required.shipped import ensure_shipped as make_rules
from rewards.campaigns.models import Campaign, CampaignApproval, Candidate
from rewards.catalogue.models import Reward
from rewards.catalogue.shipped import ensure_shipped as make_rewards
from rewards.delivery.api.queries import rewards_of
from rewards.ledger.invoices import redeem_up_to
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import take_back
from rewards.offers.handing import accept, decline, deliver, lapse_unaccepted
from rewards.offers.models import Offer
from rewards.perks.models import TierPerks
from rewards.perks.posting import posted_by
from rewards.perks.verbs import ensure_shipped as make_perks
from tests.factories import AccountFactory, CapFactory, SubscriptionFactory, SubscriptionTermFactory
from tests.rewards.campaigns.made import campaign_on, evaluate, know

pytestmark = pytest.mark.django_db
GOLD, SILVER, PLATINUM = "gold", "silver", "platinum"


@pytest.fixture
def campaign(finance: User, product: User, cs: User) -> Campaign:
    """The promise of the tiers, which all three functions approved."""
    for key in (SILVER, GOLD, PLATINUM):
        Tier.objects.create(key=key, name=key.capitalize())
    make_perks()
    make_rewards()
    live = campaign_on("renewal_paid", rewards=[Reward.objects.get(key="tier-renewal-credit")])
    for person, function in ((finance, Function.FINANCE), (product, Function.PRODUCT), (cs, Function.CS)):
        CampaignApproval.objects.create(
            campaign=live, version=1, function=function.value, approved_by=person, approved_at=timezone.now()
        )
    return live


def renewed(tier: str = GOLD, mrr: str = "100.00", frequency: str = "annual", **of: object) -> Account:
    """An account on a yearly contract that has paid its renewal an hour ago, told since; `of` is the invoice's own."""
    account: Account = AccountFactory()
    subscription = SubscriptionFactory(account=account)
    SubscriptionTermFactory(subscription=subscription, billing_frequency=frequency, mrr=Decimal(mrr))
    know(account, tier=tier, mrr=Decimal(mrr), contract_months=12, billing_frequency=frequency)
    paid_at = timezone.now() - timedelta(hours=1)
    told = {"status": "paid", "cause": "subscription_cycle", "paid_at": paid_at, "number": "A-7", "currency": "USD"}
    told |= {"due": 1500, "paid": 1500, "issued_at": paid_at, "told_at": paid_at, "told_as": "1"} | of
    Invoice.objects.create(
        account=account,
        external_id=f"in-{account.pk}",
        subscription_external_id=subscription.external_id,
        **told,
    )
    return account


def granted() -> list[tuple[Account, Decimal, str]]:
    return [(o.account, o.face_value, o.state) for o in Offer.objects.select_related("account").order_by("id")]


def work() -> None:
    detect_renewals(None)
    evaluate()


@pytest.mark.parametrize(("tier", "credit"), [(SILVER, "12.00"), (GOLD, "36.00"), (PLATINUM, "60.00")])
def test_what_the_tier_promises_of_the_renewal_is_posted_once(campaign: Campaign, tier: str, credit: str) -> None:
    account = renewed(tier)
    for _ in range(2):
        work()
    assert granted() == [(account, Decimal(credit), "approved")]
    assert liability("USD") == Decimal(credit)
    assert Offer.objects.get().reason.startswith("Renewal A-7 paid, ")
    assert posted_by() == campaign.name
    Campaign.objects.update(status="paused")
    assert posted_by() == ""
    assert check().problems == []


def test_an_edit_of_the_perks_holds_from_then_on_and_no_tier_promises_nothing(campaign: Campaign) -> None:
    TierPerks.objects.filter(tier__key=GOLD).update(renewal_credit_percent=Decimal("4.50"))
    account = renewed()
    renewed("")
    work()
    assert granted() == [(account, Decimal("54.00"), "approved")]
    assert Candidate.objects.get(outcome="unfit").rule == "unknown_value"


@pytest.mark.parametrize(
    "of",
    [
        {"cause": "subscription_create"},
        {"cause": "subscription_update"},
        {"status": "open", "paid_at": None},
        {"status": "draft", "paid_at": None},
        {"paid_at": datetime(2026, 1, 5, tzinfo=UTC)},
    ],
)
def test_what_is_no_renewal_that_was_just_paid_brings_nothing(campaign: Campaign, of: dict[str, object]) -> None:
    renewed(**of)
    work()
    assert (granted(), Candidate.objects.count()) == ([], 0)


def test_a_contract_that_is_billed_by_the_month_renews_nothing(campaign: Campaign) -> None:
    renewed(frequency="monthly")
    work()
    assert (Renewal.objects.count(), granted()) == (0, [])


def test_above_the_threshold_finance_decides_and_a_hard_cap_refuses(campaign: Campaign) -> None:
    make_rules()
    renewed(PLATINUM, "1000.00")
    work()
    offer = Offer.objects.get()
    assert (offer.face_value, offer.state, liability("USD")) == (Decimal("600.00"), "in_approval", 0)
    CapFactory(limit=Decimal("35.99"))
    renewed(GOLD)
    work()
    assert Candidate.objects.filter(outcome="capped").count() == 1
    assert check().problems == []


@pytest.mark.parametrize("how", ["void", "credit note"])
def test_a_renewal_that_is_taken_back_takes_its_credit_along(campaign: Campaign, how: str, finance: User) -> None:
    kept, gone, used = renewed(), renewed(), renewed()
    work()
    assert liability("USD") == 108
    now = timezone.now()
    redeem_up_to(used.pk, Decimal(5), "USD", request="r", invoice="A-8", booked_on=now.date(), acting_user=None)
    for account in (gone, used):
        invoice = Invoice.objects.get(account=account)
        if how == "void":
            Invoice.objects.filter(pk=invoice.pk).update(status="void")
            continue
        told = {"kind": "credit_note", "status": "issued", "currency": "USD", "at": now, "told_at": now, "told_as": "1"}
        for part, amount in enumerate((500, 1000)):
            BillingCredit.objects.create(
                account=account,
                external_id=f"cn-{account.pk}-{part}",
                invoice_external_id=invoice.external_id,
                amount=amount,
                **told,
            )
    work()
    assert [take_back_renewals(now.date()) for _ in range(2)] == [1, 0]
    assert liability("USD") == 108 - 36 - 5
    assert Notice.objects.filter(person=finance, words__contains="its renewal was taken back").count() == 1
    assert Offer.objects.filter(account=kept).get().state == "approved"
    assert check().problems == []


def test_what_was_handed_over_and_is_taken_back_is_over(campaign: Campaign, cs: User) -> None:
    accounts = [renewed() for _ in range(3)]
    work()
    approved, delivered, accepted = Offer.objects.order_by("id")
    for offer in (delivered, accepted):
        deliver(offer.pk, acting_user=cs)
    accept(accepted.pk, acting_user=cs)
    Offer.objects.update(open_until=timezone.now().date())
    Invoice.objects.update(status="void")
    work()
    now = timezone.now()
    assert [take_back_renewals((now + timedelta(n)).date()) for n in range(2)] == [3, 0]
    assert granted() == [(account, Decimal("36.00"), "withdrawn") for account in accounts]
    lines = AuditLine.objects.filter(verb="offer_withdrawn").order_by("id")
    assert [(line.object_id, line.reason) for line in lines] == [
        (str(offer.pk), REASON) for offer in (approved, delivered, accepted)
    ]
    with travel(now + timedelta(days=3), tick=False):
        with pytest.raises(DomainError, match="This offer is withdrawn"):
            deliver(approved.pk, acting_user=cs)
        with pytest.raises(DomainError, match="This offer is withdrawn"):
            decline(delivered.pk, note="no", acting_user=cs)
        assert lapse_unaccepted(timezone.now().date()) == 0
        assert [rewards_of(account, timezone.now())["offers"] for account in accounts] == [[], [], []]
    assert (liability("USD"), check().problems) == (0, [])


def test_one_whose_credit_an_earlier_night_took_back_is_withdrawn_too(campaign: Campaign, cs: User) -> None:
    renewed()
    work()
    offer = Offer.objects.get()
    Invoice.objects.update(status="void")
    work()
    take_back(offer.grant.pk, REASON, acting_user=None, booked_on=timezone.now().date())
    assert take_back_renewals(timezone.now().date() + timedelta(days=1)) == 1
    offer.refresh_from_db()
    assert (offer.state, liability("USD")) == ("withdrawn", 0)


def test_an_offer_that_nobody_decided_yet_is_withdrawn_with_its_renewal(campaign: Campaign) -> None:
    CampaignApproval.objects.all().delete()
    account = renewed()
    work()
    assert granted() == [(account, Decimal("36.00"), "in_approval")]
    Invoice.objects.update(status="void")
    work()
    assert [take_back_renewals(timezone.now().date()) for _ in range(2)] == [1, 0]
    assert granted() == [(account, Decimal("36.00"), "withdrawn")]
    offer = Offer.objects.get()
    assert list(offer.steps.values_list("function", "state")) == [("cs", "void")]
    line = AuditLine.objects.get(verb="offer_withdrawn")
    assert (line.actor_name, line.object_id, line.object_label) == ("The programme", str(offer.pk), str(offer))
    assert line.reason == "The renewal was taken back: its invoice is void, or was given back."
