"""Records taken in: good rows in, bad rows out with their reason, twice the same as once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.records.models import Account, Contact, FeedbackScore, Subscription, SubscriptionTerm, Ticket
from accounts.records.subscriptions import tell
from accounts.records.terms import Terms
from loyalty.core.audit.models import AuditLine
from tests.accounts.files.files import ACCOUNTS, SUBSCRIPTIONS, refused, take
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


def marks() -> list[tuple[str, date]]:
    return list(FactsDirty.objects.order_by("id").values_list("account__external_id", "day"))


def test_accounts_come_in_with_what_their_columns_say(tmp_path: Path) -> None:
    said = take(tmp_path, "account", ACCOUNTS)

    acme = Account.objects.get()
    assert (acme.external_id, acme.name, acme.industry, acme.plan_segment) == ("A-1", "Acme", "DevTools", "mid_market")
    assert (acme.signed_up_on, acme.country, acme.time_zone, acme.traits) == (date(2026, 1, 5), "", "", {})
    assert "Read 1: 1 new, 0 changed, 0 unchanged (here already), 0 refused" in said
    assert "account_name → name" in said
    assert marks() == [("A-1", date(2026, 1, 5))]
    assert refused(tmp_path, "account") == []


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    FactsDirty.objects.all().delete()

    said = take(tmp_path, "account", ACCOUNTS)

    assert "0 new, 0 changed, 1 unchanged" in said
    assert marks() == []


def test_an_account_may_tell_its_time_zone_and_who_referred_it(tmp_path: Path) -> None:
    take(tmp_path, "account", "account_id,account_name,timezone,referrer\nA-1,Acme,Asia/Tokyo,A-0\nA-2,Beta,,\n")
    told = Account.objects.order_by("external_id").values_list("time_zone", "referred_by")
    assert list(told) == [("Asia/Tokyo", "A-0"), ("", "")]


def test_a_changed_row_changes_its_columns_only(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    Account.objects.update(goals="fewer meetings")
    FactsDirty.objects.all().delete()

    said = take(tmp_path, "account", "account_id,account_name\nA-1,Acme Ltd\nA-2,Beta\n")

    assert "1 new, 1 changed, 0 unchanged" in said
    acme = Account.objects.get(external_id="A-1")
    assert (acme.name, acme.goals, acme.industry) == ("Acme Ltd", "fewer meetings", "DevTools")
    today = timezone.now().date()
    assert marks() == [("A-1", today), ("A-2", today)]


def test_refused_rows_land_in_a_file_with_line_and_reason(tmp_path: Path) -> None:
    rows = "account_id,account_name,signup_date,plan_tier\n"
    rows += ",Nameless id,,\nA-2,,,\nA-3,Beta,soon,\nA-4,=cmd(),2026-01-01,gold\nA-5\nA-6,Good,,\nA-6,Again,,\n"

    said = take(tmp_path, "account", rows)

    assert "Read 7: 1 new, 0 changed, 0 unchanged (here already), 6 refused" in said
    assert refused(tmp_path, "account") == [
        ["2", "account_id is empty.", "", "Nameless id", "", ""],
        ["3", "account_name is empty.", "A-2", "", "", ""],
        ["4", "signup_date “soon” is not a day such as 2026-11-14.", "A-3", "Beta", "soon", ""],
        [
            "5",
            "plan_tier “gold” is none of: enterprise, mid_market, self_serve.",
            "A-4",
            "'=cmd()",
            "2026-01-01",
            "gold",
        ],
        ["6", "The row has 1 columns, the header 4.", "A-5"],
        ["8", "account_id is repeated: it stands in line 7 already.", "A-6", "Again", "", ""],
    ]
    batch = IntakeBatch.objects.get()
    assert (batch.channel, batch.accepted, batch.duplicates, batch.refused) == ("csv", 1, 0, 6)
    assert list(RefusedItem.objects.order_by("position").values_list("position", flat=True)) == [2, 3, 4, 5, 6, 8]
    assert AuditLine.objects.filter(verb="imported").get().after["refused"] == 6


def test_subscriptions_find_their_account_and_mark_what_they_touch(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    FactsDirty.objects.all().delete()

    take(tmp_path, "subscription", SUBSCRIPTIONS + "S-2,A-9,2026-02-01,,Pro,5,100,False,monthly\n")

    found = SubscriptionTerm.objects.get()
    assert (found.subscription.account.external_id, found.mrr, found.seats) == ("A-1", Decimal("100.00"), 5)
    assert (found.from_day, found.ends_on, found.is_trial, found.currency) == (date(2026, 2, 1), None, False, "USD")
    assert found.subscription.starts_on == date(2026, 2, 1)
    assert refused(tmp_path, "subscription")[0][:2] == ["3", "There is no account A-9. Import the accounts first."]
    assert marks() == [("A-1", date(2026, 2, 1))]


def test_a_subscription_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)

    take(tmp_path, "subscription", SUBSCRIPTIONS.replace("2026-02-01,,", "2026-02-01,2026-01-31,"))

    assert Subscription.objects.count() == 0
    assert refused(tmp_path, "subscription")[0][1] == (
        "The subscription ends on 2026-01-31, before it starts on 2026-02-01."
    )


def test_a_moved_subscription_marks_both_accounts_from_the_earlier_start(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS + "A-2,Beta,,,\n")
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    FactsDirty.objects.all().delete()

    take(tmp_path, "subscription", SUBSCRIPTIONS.replace("A-1,2026-02-01", "A-2,2026-03-01"))

    assert sorted(marks()) == [("A-1", date(2026, 2, 1)), ("A-2", date(2026, 3, 1))]


def test_a_subscription_told_again_keeps_later_terms_and_moves_its_first(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    later = {"from_day": date(2026, 6, 1), "starts_on": date(2026, 2, 1), "told_at": datetime(2026, 6, 1, tzinfo=UTC)}
    tell(Account.objects.get(), "S-1", Terms(plan="Pro", mrr=Decimal(300), seats=9), **later)

    take(tmp_path, "subscription", "subscription_id,account_id,start_date,mrr_amount\nS-1,A-1,2026-03-01,120\n")

    steps = SubscriptionTerm.objects.order_by("from_day").values_list("from_day", "plan", "seats", "mrr")
    assert list(steps) == [
        (date(2026, 3, 1), "Pro", 5, Decimal("120.00")),
        (date(2026, 6, 1), "Pro", 9, Decimal("300.00")),
    ]


def test_tickets_and_scores_come_in(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS + "A-2,Beta,,,\n")
    FactsDirty.objects.all().delete()
    ticket = "ticket_id,account_id,submitted_at,closed_at,priority,satisfaction_score\n"
    answer = "response_id,account_id,user_id,nps_score,submitted_at\n"

    tickets = f"{ticket}T-1,A-1,2026-02-01,2026-02-02 03:00:00,high,4.0\nT-2,A-1,2026-02-03,2026-02-01,,\n"
    take(tmp_path, "support", tickets)
    take(tmp_path, "feedback", answer + "F-1,A-1,u-1,9,2026-02-05\nF-2,A-1,u-1,11,2026-02-05\n")

    found = Ticket.objects.get()
    assert (found.closed_at, found.satisfaction) == (datetime(2026, 2, 2, 3, tzinfo=UTC), Decimal("4.0"))
    score = FeedbackScore.objects.get()
    assert (score.kind, score.score, score.contact) == ("nps", Decimal("9.0"), Contact.objects.get())
    assert refused(tmp_path, "support")[0][1] == "The ticket was closed before it was opened."
    assert refused(tmp_path, "feedback")[0][1] == "nps_score “11” is not a score from 0 to 10."
    days = {(account, day) for account, day in marks()}
    assert days == {("A-1", date(2026, 2, 1)), ("A-2", date(2026, 2, 1)), ("A-1", date(2026, 2, 5))}


def test_the_command_works_the_facts_out_up_to_the_day_asked_for(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)

    said = take(tmp_path, "subscription", SUBSCRIPTIONS, "--as-of", "2026-02-03", refresh=True)

    assert list(AccountFacts.objects.filter(mrr=100).order_by("day").values_list("day", flat=True)) == [
        date(2026, 2, 1) + timedelta(days=n) for n in range(3)
    ]
    assert "Account facts: 1 accounts" in said
    assert FactsDirty.objects.count() == 0


def test_an_account_known_from_elsewhere_is_the_same_account(tmp_path: Path) -> None:
    AccountFactory(external_id="A-1", name="Old name")

    take(tmp_path, "account", ACCOUNTS)

    assert Account.objects.get().name == "Acme"


def test_cells_that_look_like_escapes_come_back_as_they_were(tmp_path: Path) -> None:
    cells = ["A-1", "", r"\u0000 \ \n", "a\x00b"]
    take(tmp_path, "account", "account_id,account_name,goals\n" + ",".join(cells[:3]) + f"\nA-2,{cells[3]},x\n")

    assert refused(tmp_path, "account") == [
        ["2", "account_name is empty.", *cells[:3]],
        ["3", "The row holds a NUL character.", "A-2", "a\N{SYMBOL FOR NULL}b", "x"],
    ]
