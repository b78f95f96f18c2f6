"""The demo company in the database: exact sums, no duplicates whatever interrupts the build, catching up.

One small company is built once and looked at by most tests; it is taken back at the end.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.auth import authenticate
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts.conditions.queries import vocabulary
from accounts.facts.models import AccountFacts, FactsDirty
from accounts.records.models import Account, Contact, Invoice, SubscriptionTerm
from accounts.sources.models import SourceKey, SourceKind
from accounts.sources.rules import key_digest
from accounts.usage.models import DailyUsage, Event, EventDay
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.demo import DemoAccess, build
from loyalty.demo.activity import Activity
from loyalty.demo.billing import NOTICE
from loyalty.demo.campaigns import LAUNCHED, WAITING
from loyalty.demo.company import company
from loyalty.demo.vocabulary import CUSTOM_REPORT, MILESTONE_EVENTS
from rewards.campaigns.models import Campaign
from rewards.caps.models import Cap
from rewards.delivery.invoices.models import InvoiceCredit
from rewards.ledger.models import CreditLot
from rewards.ledger.reconciliation import check
from rewards.offers.evidence import rendered
from rewards.offers.models import Grant, Offer
from tests.demo.told import as_told, ask, quiet

NOW = datetime(2026, 11, 19, 16, 30, tzinfo=UTC)  # a Thursday
ACCOUNTS = 12
ARGON = "django.contrib.auth.hashers.Argon2PasswordHasher"

RECOUNTS = {
    "accounts_dailyusage": """
        SELECT account_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events,
               count(*) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction)) AS key_actions,
               count(*) FILTER (WHERE name = 'Signed In') AS sign_ins, sum(seconds) AS seconds,
               min(occurred_at) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction)) AS key_first_at,
               max(occurred_at) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction)) AS key_last_at
        FROM accounts_event GROUP BY 1, 2""",
    "accounts_eventday": """
        SELECT account_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, name, sum(quantity) AS quantity,
               min(occurred_at) AS first_at, max(occurred_at) AS last_at
        FROM accounts_event GROUP BY 1, 2, 3""",
    "accounts_contactday": """
        SELECT account_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, contact_id, count(*) AS events,
               count(*) FILTER (WHERE name IN (SELECT event_name FROM accounts_keyaction)) AS key_actions
        FROM accounts_event GROUP BY 1, 2, 3""",
}


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoAccess]:
    """A company of twelve accounts, built as the demo does."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            yield build(ACCOUNTS, quiet, now=NOW)
        transaction.set_rollback(True)


@pytest.fixture
def a_moment_later(built: DemoAccess, db: None) -> DemoAccess:
    """The company that was built, to be changed by one test only."""
    return built


@pytest.mark.usefixtures("a_moment_later")
class TestWhatIsBuilt:
    @pytest.mark.parametrize("table", RECOUNTS)
    def test_sums_are_exactly_those_of_a_recount_where_raw_events_are_kept(self, table: str) -> None:
        raw_from = NOW.date() - timedelta(days=34)
        recount = f"SELECT to_jsonb(r) FROM ({RECOUNTS[table]}) r WHERE day >= '{raw_from}'"
        kept = f"SELECT to_jsonb(k) FROM {table} k WHERE day >= '{raw_from}'"
        differences = ask(
            f"SELECT count(*) FROM (({recount} EXCEPT ALL {kept}) UNION ALL ({kept} EXCEPT ALL {recount})) AS d"
        )
        assert differences == [(0,)]
        assert ask(f"SELECT count(*) > 200 FROM {table} WHERE day >= '{raw_from}'") == [(True,)]

    def test_milestone_events_are_kept_one_by_one_for_good(self) -> None:
        names = ", ".join(f"'{name}'" for name in MILESTONE_EVENTS)
        kept = (
            f"SELECT account_id, day, name, quantity, first_at, last_at FROM accounts_eventday WHERE name IN ({names})"
        )
        recount = f"SELECT * FROM ({RECOUNTS['accounts_eventday']}) r WHERE name IN ({names})"
        assert sorted(ask(recount)) == sorted(ask(kept))
        assert len(ask(kept)) > ACCOUNTS

    def test_history_covers_a_year_and_ends_now(self) -> None:
        today = NOW.date()
        assert sorted(set(AccountFacts.objects.values_list("day", flat=True))) == [
            today - timedelta(days=n) for n in reversed(range(365))
        ]
        assert AccountFacts.objects.count() == 365 * ACCOUNTS
        assert DailyUsage.objects.filter(day=today).count() > ACCOUNTS // 2
        assert not Event.objects.filter(occurred_at__gt=NOW).exists()
        assert DailyUsage.objects.order_by("day").filter(day__gte=today - timedelta(days=364))[0].day <= (
            today - timedelta(days=361)
        )

    def test_facts_agree_with_the_contracts(self) -> None:
        today = NOW.date()
        expected = sum(
            (
                term.mrr
                for customer in company(ACCOUNTS, today)
                for term in customer.contract.terms
                if term.starts_on <= today and (term.ends_on is None or today < term.ends_on)
            ),
            Decimal(0),
        )
        facts = AccountFacts.objects.filter(day=today)
        assert sum((f.mrr for f in facts if f.mrr is not None), Decimal(0)) == expected

    def test_the_first_morning_has_offers_from_real_reaches(self) -> None:
        offers, words = Offer.objects.filter(campaign__key="first-custom-report"), vocabulary()
        assert offers.count() == 2
        assert {tuple(offer.awaits) for offer in offers} == {("cs",)}
        assert all(CUSTOM_REPORT in rendered(offer.evidence, words)["words"][0] for offer in offers)
        assert FactsDirty.objects.count() == 0

    def test_money_was_limited_before_it_moved_and_the_books_add_up(self) -> None:
        caps = {(cap.scope, cap.period, cap.measure, cap.is_hard) for cap in Cap.objects.all()}
        assert caps == {
            ("programme", "year", "value", True),
            ("reward_kind", "quarter", "value", True),
            ("function", "month", "value", False),
            ("reward_kind", "month", "occurrences", True),
        }
        found = check()
        assert (found.problems, found.cap_periods > 0) == ([], True)
        # So few offers wait in a small company that people leave all of them; standing approvals alone have granted.
        assert not AuditLine.objects.filter(verb__in=["offer_approved", "offer_rejected"]).exists()
        standing = Offer.objects.filter(grant__isnull=False, has_standing_approval=True)
        assert standing.count() == Grant.objects.count()
        assert CreditLot.objects.count() == standing.filter(reward__is_credit=True).count()
        assert Invoice.objects.filter(status="open").exists()
        assert InvoiceCredit.objects.exclude(state="due").count() == InvoiceCredit.objects.count()

    def test_what_runs_was_approved_by_three_people_before_it_ran(self) -> None:
        running = Campaign.objects.filter(status="live")
        assert set(running.values_list("key", flat=True)) == set(LAUNCHED) - {WAITING}
        for campaign in running:
            approvals = campaign.approvals.filter(version=campaign.version)
            assert {a.function for a in approvals} == {f.value for f in Function}
            assert len({a.approved_by_id for a in approvals}) == 3
            assert all(a.approved_at < campaign.live_since for a in approvals)
        waits = Campaign.objects.get(key=WAITING)
        assert (waits.status, waits.approvals.count(), waits.live_since) == ("modelled", 2, None)

    def test_sign_ins_are_one_a_function_and_then_a_colleague_each(
        self, built: DemoAccess, settings: LazySettings
    ) -> None:
        settings.PASSWORD_HASHERS = [ARGON]
        assert [user["function"] for user in built.users] == [
            *("finance", "product", "cs", "administrator"),
            *("finance", "product", "cs"),
        ]
        for user in built.users:
            person = authenticate(username=user["username"], password=user["password"])
            assert isinstance(person, User)
            assert person.get_full_name() == user["name"]
            wanted = {user["function"]} - {"administrator"}
            assert {f.value for f in person.functions} == wanted
            assert person.is_administrator == (user["function"] == "administrator")

    def test_every_kind_has_a_source_with_a_working_key(self, built: DemoAccess) -> None:
        assert [s["kind"] for s in built.sources] == ["account", "usage", "subscription", "support", "feedback"]
        for entry in built.sources:
            kind = SourceKind.objects.get(kind=entry["kind"], is_active=True)
            assert str(kind.source_id) == entry["id"]
            assert SourceKey.objects.get(digest=key_digest(entry["key"])).source_id == kind.source_id

    def test_every_account_is_in_somebodys_book(self) -> None:
        assert not Account.objects.exclude(cs_manager__memberships__function="cs").exists()
        assert Account.objects.values("cs_manager").distinct().count() == 4
        waiting = Offer.objects.filter(state="in_approval", assigned_to__username__in=["leila", "ben"])
        assert set(waiting.values_list("assigned_to__username", flat=True)) == {"leila", "ben"}

    def test_a_second_start_changes_nothing_and_asks_next_to_nothing(
        self, built: DemoAccess, django_assert_num_queries: Any
    ) -> None:
        before = as_told()
        with django_assert_num_queries(2):
            assert build(400, quiet, built, now=NOW + timedelta(hours=2)) == built
        assert as_told() == before

    def test_lost_sign_ins_are_replaced_and_the_audit_says_so(self, built: DemoAccess) -> None:
        lines = AuditLine.objects.count()
        fresh = build(ACCOUNTS, quiet, None, now=NOW)
        assert {u["password"] for u in fresh.users}.isdisjoint(u["password"] for u in built.users)
        first = fresh.users[0]
        assert authenticate(username=first["username"], password=first["password"]) == User.objects.get(
            username=first["username"]
        )
        assert SourceKey.objects.filter(digest__in=[key_digest(s["key"]) for s in fresh.sources]).count() == 4
        assert AuditLine.objects.count() == lines + 7 + 4
        assert User.objects.count() == 9

    def test_the_days_that_were_missed_are_added_exactly(self, built: DemoAccess) -> None:
        later = NOW + timedelta(days=5)
        names = list(Contact.objects.values_list("external_id", flat=True))
        with time_machine.travel(later, tick=False):
            build(ACCOUNTS, quiet, built, now=later)
        activity = Activity(company(ACCOUNTS, NOW.date()), NOW.date())
        year = activity.span(activity.begins_at - timedelta(seconds=1), later)
        total = len(year) + len(activity.before_history())
        assert ask("SELECT sum(events) FROM accounts_dailyusage") == [(total,)]
        assert ask("SELECT sum(quantity) FROM accounts_eventday") == [(total,)]
        assert ask("SELECT sum(events) FROM accounts_contactday") == [(total,)]
        assert AccountFacts.objects.filter(day=later.date()).count() == ACCOUNTS
        assert set(names) <= set(Contact.objects.values_list("external_id", flat=True))
        again = as_told()
        build(ACCOUNTS, quiet, built, now=later)
        assert as_told() == again

    def test_catching_up_adds_to_what_really_came_in(self, built: DemoAccess) -> None:
        later = NOW + timedelta(days=1)
        usage = EventDay.objects.filter(day=NOW.date(), name="Signed In")[0]
        activity = Activity(company(ACCOUNTS, NOW.date()), NOW.date())
        EventDay.objects.filter(account=usage.account_id, day=usage.day, name=usage.name).update(
            quantity=usage.quantity + 5
        )
        build(ACCOUNTS, quiet, built, now=later)
        position = list(Account.objects.order_by("external_id").values_list("pk", flat=True)).index(usage.account_id)
        day = activity.span(
            datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC)
        )
        drawn = int(((day.account == position) & (day.kind == 0)).sum())
        kept = EventDay.objects.get(account=usage.account_id, day=usage.day, name=usage.name)
        assert kept.quantity == drawn + 5

    def test_contracts_that_ended_meanwhile_end_in_billing_too(self, built: DemoAccess) -> None:
        ended_before = _ended()
        later = NOW + timedelta(days=200)
        with time_machine.travel(later, tick=False):
            build(ACCOUNTS, quiet, built, now=later)
        expected = {
            (f"sub-{c.index:05d}", c.contract.churned_on)
            for c in company(ACCOUNTS, NOW.date())
            if c.contract.churned_on and c.contract.churned_on - NOTICE <= later.date()
        }
        assert _ended() == expected
        assert ended_before < expected


def _ended() -> set[tuple[str, date | None]]:
    """Paid subscriptions of which billing knows the end."""
    rows = SubscriptionTerm.objects.filter(is_cancelling=True).values_list("subscription__external_id", "ends_on")
    return set(rows)
