"""What an account would lose: the words, and the counts behind them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from accounts.tiers.models import Tier
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from rewards.ledger.verbs import issue_credit, redeem
from rewards.offers.models import Grant
from rewards.recap.queries import counted
from rewards.recap.rules import Counted, Owed, Reached, Used, letter, sentences
from tests.accounts.conditions.test_truth import facts_row
from tests.accounts.facts.company import use
from tests.factories import AccountFactory, ContactFactory, MilestoneFactory, OfferFactory, RewardFactory

SignIn = Callable[[User], Client]
DAY = date(2026, 11, 14)
NOTHING = Counted("Acme", DAY, None, 0, 0, 0, 0, Decimal(0), 0, 0, (), (), (), "")


def test_nothing_is_said_of_what_is_not_there() -> None:
    assert sentences(NOTHING) == []
    assert NOTHING.is_empty


def test_what_is_there_is_told_the_most_tangible_first() -> None:
    full = Counted(
        account="Acme",
        day=DAY,
        since=date(2025, 3, 1),
        active_days=212,
        people=27,
        events=18204,
        key_actions=1410,
        gigabytes=Decimal("42.7"),
        integrations=2,
        api_calls=8120,
        features=(Used("Report Generated", 1204), Used("Export Created", 206), Used("Theme Changed", 1)),
        milestones=(Reached("Core workflow activated", date(2025, 4, 2)),),
        owed=(Owed(Decimal("300.00"), "USD", date(2027, 1, 1)),),
        standing="Gold, with Premium SLA, 3.0 % renewal credit",
    )

    assert sentences(full) == [
        "Work done: 1,410 results that count, such as reports and exports. Used most: “Report Generated” 1,204 times,"
        " “Export Created” 206 times.",
        "Data: 18,204 things recorded by 27 people on 212 days, since 1 Mar 2025.",
        "Processed: 43 GB.",
        "Workflows in place: Core workflow activated (2 Apr 2025).",
        "Integrations: connected 2 times, 8,120 calls of the API by your own systems.",
        "Credit not used yet: $300.00, good until 1 Jan 2027. It ends with the contract.",
        "Standing: Gold, with Premium SLA, 3.0 % renewal credit.",
    ]
    assert letter(full).startswith("What Acme has built with us\n")
    assert "- Processed: 43 GB.\n" in letter(full)


@pytest.fixture
def acme(db: None) -> Account:
    account = AccountFactory(name="Acme", signed_up_on=date(2026, 1, 5))
    first, second = ContactFactory(account=account), ContactFactory(account=account)
    today = timezone.now().date()
    for back in range(3):
        use(account, today - timedelta(days=back), "Report Generated", contact=first, times=4, message_id=f"r{back}")
    use(account, today, "Signed In", contact=second, message_id="s")
    use(account, today, "Integration Connected", contact=first, message_id="i")
    use(account, today, "API Call", contact=first, times=30, message_id="a")
    use(account, today + timedelta(days=1), "Report Generated", contact=second, times=100, message_id="later")
    reached = datetime(2026, 2, 3, 12, tzinfo=UTC)
    facts_row(account, today, tier=Tier.objects.create(key="gold", name="Gold").key)
    MilestoneReach.objects.create(
        milestone=MilestoneFactory(name="First report"), account=account, version=1, count=1, reached_at=reached,
        fires=False,
    )  # fmt: skip
    return account


def credit(account: Account, owner: User, used: str) -> None:
    offer = OfferFactory(account=account, state="approved")
    grant = Grant.objects.create(
        offer=offer, account=account, face_value=offer.face_value, currency="USD", expires_on=date(2099, 1, 1)
    )
    today = timezone.now().date()
    issue_credit(grant, booked_on=today, acting_user=owner)
    redeem(account.pk, Decimal(used), "USD", request="inv-1", invoice="inv-1", booked_on=today, acting_user=owner)


def test_counts_are_the_accounts_own_up_to_the_day(acme: Account, finance: User) -> None:
    credit(acme, finance, "120.00")
    other = AccountFactory()
    use(other, timezone.now().date(), "Report Generated", times=1000, message_id="other")

    told = counted(acme, timezone.now().date())

    first_day = timezone.now().date() - timedelta(days=2)
    assert (told.events, told.people, told.active_days, told.since) == (44, 2, 3, first_day)
    assert (told.integrations, told.api_calls, told.standing) == (1, 30, "Gold, with Standard SLA")
    assert list(told.features) == [Used("Report Generated", 12)]
    assert list(told.milestones) == [Reached("First report", date(2026, 2, 3))]
    assert list(told.owed) == [Owed(Decimal("180.00"), "USD", date(2099, 1, 1))]


def test_the_page_is_ready_to_send_to_who_consents(acme: Account, cs: User, signed_in_as: SignIn) -> None:
    ContactFactory(account=acme, role="economic_buyer", name="Bo Buyer", email="bo@acme.example", consents=True)
    ContactFactory(account=acme, role="champion", name="Silent Sam", email="sam@acme.example", consents=False)
    client = signed_in_as(cs)

    page = client.get(f"/accounts/{acme.pk}/recap/").content.decode()

    assert "Write to Bo Buyer" in page
    assert "mailto:bo%40acme.example?subject=What%20Acme" in page
    assert "Silent Sam" not in page
    assert "note it as delivered" not in page
    offer = OfferFactory(account=acme, reward=RewardFactory(kind="value_recap", is_credit=False), state="approved")
    sent = client.get(f"/accounts/{acme.pk}/recap/").content.decode()
    assert f'<a href="/offers/{offer.pk}/">note it as delivered</a>' in sent
    answer = client.get(f"/accounts/{acme.pk}/recap/?format=txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "“Report Generated” 12 times" in answer.content.decode()
    assert AuditLine.objects.filter(verb="exported", object_label="value recap of Acme").count() == 1


def test_an_account_of_which_nothing_is_known_is_told_so(db: None, cs: User, signed_in_as: SignIn) -> None:
    page = signed_in_as(cs).get(f"/accounts/{AccountFactory().pk}/recap/").content.decode()

    assert "Nothing to tell yet" in page
