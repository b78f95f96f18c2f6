"""Whatever was accepted, the facts have room for it: no account stops the others by what it adds up to."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.facts.models import AccountFacts
from accounts.facts.scores.models import ScoreCuts
from accounts.facts.verbs import refresh
from accounts.records.models import SubscriptionTerm
from accounts.records.rules import LARGEST_COUNT, LARGEST_MRR
from accounts.usage.models import ContactDay, DailyUsage, EventDay, KeyAction
from tests.accounts.facts.company import subscription, use
from tests.accounts.files.files import ACCOUNTS, SUBSCRIPTIONS, USAGE_HEAD, refused, take
from tests.factories import AccountFactory, ContactFactory

DAY = date(2026, 3, 31)
SINCE = date(2025, 1, 1)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("subscriptions", "is_known"), [(8, True), (9, False)])
def test_money_beyond_what_the_facts_hold_is_unknown(subscriptions: int, is_known: bool) -> None:
    acme = AccountFactory()
    for _ in range(subscriptions):
        subscription(acme, SINCE, mrr=LARGEST_MRR)

    refresh([acme.pk], DAY, DAY)

    found = AccountFacts.objects.get()
    mrr = subscriptions * LARGEST_MRR if is_known else None
    assert (found.mrr, found.arr, found.mrr_year_before) == (mrr, mrr and mrr * 12, mrr)


def test_counts_beyond_what_the_facts_hold_stand_at_the_largest() -> None:
    KeyAction.objects.create(event_name="API Call")
    counted = {"counted_recency": 0, "counted_frequency": 5, "counted_money": 0}
    days = dict.fromkeys(("from_day", "taken_on", "quarter"), SINCE)
    ScoreCuts.objects.create(monetary="mrr", frequency=[10, 20, 30, 40], **days, **counted)
    acme = AccountFactory()
    for _ in range(2):
        subscription(acme, SINCE, seats=LARGEST_COUNT)
    metered = 72_000_000
    for ago in range(30):
        use(acme, DAY - timedelta(days=ago), "API Call", times=metered, seconds=LARGEST_COUNT)
        use(acme, DAY - timedelta(days=ago), "Signed In", times=LARGEST_COUNT)
    for ago in range(28):
        for n in range(3):
            use(acme, DAY - timedelta(days=ago), "Report Opened", seconds=LARGEST_COUNT, message_id=f"long-{ago}-{n}")

    refresh([acme.pk], DAY, DAY)

    found = AccountFacts.objects.get()
    assert (found.key_actions_30, found.sign_ins_30, found.api_calls_30) == (
        LARGEST_COUNT,
        LARGEST_COUNT,
        30 * metered,
    )
    assert (found.seats_bought, found.frequency_score) == (LARGEST_COUNT, 5)
    assert found.minutes_28 == min(4 * 28 * LARGEST_COUNT // 60, LARGEST_COUNT)


def test_a_day_of_use_beyond_what_it_holds_stands_at_the_largest() -> None:
    KeyAction.objects.create(event_name="API Call")
    acme = AccountFactory()
    person = ContactFactory(account=acme)
    for times in (LARGEST_COUNT, 5, LARGEST_COUNT):
        use(acme, DAY, "API Call", contact=person, times=times)

    day, of_person = DailyUsage.objects.get(), ContactDay.objects.get()
    assert (day.events, day.key_actions, day.sign_ins) == (LARGEST_COUNT, LARGEST_COUNT, 0)
    assert (of_person.events, of_person.key_actions) == (LARGEST_COUNT, LARGEST_COUNT)
    assert EventDay.objects.get().quantity == LARGEST_COUNT


def test_the_good_rows_of_a_file_go_in_beside_two_of_the_largest(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)

    large = "".join(f"U-{n},S-1,2026-02-01,Signed In,{LARGEST_COUNT},9\n" for n in range(2))
    said = take(tmp_path, "usage", USAGE_HEAD + large + "U-3,S-1,2026-02-02,search,1,9\n")

    assert "Read 3: 3 new" in said
    assert [*DailyUsage.objects.order_by("day").values_list("events", "sign_ins")] == [
        (LARGEST_COUNT, LARGEST_COUNT),
        (1, 0),
    ]


def test_a_customer_number_in_the_place_of_money_is_refused_with_the_largest_amount(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)

    take(tmp_path, "subscription", SUBSCRIPTIONS.replace(",100,", ",120212345678,") + "S-2,A-1,2026-02-01,,,,5,,\n")

    (row,) = refused(tmp_path, "subscription")
    assert row[1] == "mrr_amount “120212345678” is more than 10,000,000,000, the largest amount a month that is taken."
    assert SubscriptionTerm.objects.get().mrr == Decimal(5)
