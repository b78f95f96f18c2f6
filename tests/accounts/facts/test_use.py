"""What the facts say of use: windows, distinct counts, days since."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh
from accounts.records.models import Account
from accounts.usage.models import KeyAction
from tests.accounts.facts.company import days, sign_in, use
from tests.factories import AccountFactory, ContactFactory, SubscriptionTermFactory

DAY = date(2026, 3, 31)
pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Account:
    KeyAction.objects.create(event_name="Report Exported")
    return AccountFactory(name="Acme", signed_up_on=date(2026, 1, 1))


def facts(account: Account, day: date = DAY) -> AccountFacts:
    refresh([account.pk], day, day)
    return AccountFacts.objects.get(account=account, day=day)


def back(n: int) -> date:
    return DAY - timedelta(days=n)


def test_windows_of_30_days_end_with_the_day_and_leave_out_the_30th_before(acme: Account) -> None:
    sign_in(acme, [back(30), back(29), back(1), DAY, DAY + timedelta(days=1)])
    use(acme, back(30), times=5)
    use(acme, back(29), times=3)

    found = facts(acme)

    assert (found.sign_ins_30, found.key_actions_30) == (3, 3)


def test_windows_of_28_days_count_active_days_features_and_whole_minutes(acme: Account) -> None:
    use(acme, back(28), "Dashboard Opened", seconds=600)
    use(acme, back(27), "Dashboard Opened", seconds=90)
    use(acme, back(3), "Dashboard Opened", seconds=60)
    use(acme, back(3), "Report Exported", seconds=29)
    sign_in(acme, [DAY])

    found = facts(acme)

    assert (found.active_days_28, found.features_28, found.minutes_28) == (3, 2, 2)


def test_a_contact_counts_as_one_active_seat_however_often_they_come(acme: Account) -> None:
    SubscriptionTermFactory(subscription__account=acme, subscription__starts_on=date(2026, 1, 1), seats=4)
    ana, ben, cho = (ContactFactory(account=acme) for _ in range(3))
    sign_in(acme, days(back(40), 41), ana)
    sign_in(acme, [back(30)], ben)
    sign_in(acme, [back(29), back(2)], cho)

    found = facts(acme)

    assert (found.seats_active, found.seats_bought) == (2, 4)
    assert found.seat_utilisation == pytest.approx(0.5)


def test_days_since_reach_back_beyond_every_window(acme: Account) -> None:
    sign_in(acme, [back(80), back(75)])
    use(acme, back(60))

    found = facts(acme)

    assert (found.days_since_sign_in, found.days_since_key_action) == (75, 60)
    assert (found.sign_ins_30, found.key_actions_30, found.active_days_28) == (0, 0, 0)


def test_use_that_never_came_is_unknown_not_zero(acme: Account) -> None:
    found = facts(acme)

    unknown = [found.seats_active, found.sign_ins_30, found.active_days_28, found.key_actions_30, found.features_28]
    assert unknown == [None] * 5
    assert (found.minutes_28, found.days_since_sign_in, found.days_since_key_action) == (None, None, None)


def test_use_that_names_nobody_leaves_active_seats_unknown(acme: Account) -> None:
    use(acme, DAY)

    found = facts(acme)

    assert (found.seats_active, found.seat_utilisation, found.key_actions_30) == (None, None, 1)


def test_seats_are_empty_once_everybody_has_stayed_away(acme: Account) -> None:
    sign_in(acme, [back(30)], ContactFactory(account=acme))

    assert facts(acme).seats_active == 0


def test_a_day_before_the_first_use_stays_unknown_although_use_is_known_later(acme: Account) -> None:
    sign_in(acme, [DAY])
    refresh([acme.pk], back(1), DAY)

    assert list(AccountFacts.objects.order_by("day").values_list("sign_ins_30", flat=True)) == [None, 1]


def test_one_day_and_a_whole_range_give_the_same_row(acme: Account) -> None:
    ana, ben = ContactFactory(account=acme), ContactFactory(account=acme)
    sign_in(acme, days(back(70), 60)[::3], ana)
    sign_in(acme, days(back(50), 50)[::7], ben)
    use(acme, back(45), "Dashboard Opened", seconds=333)
    refresh([acme.pk], back(90), DAY)
    names = [f.name for f in AccountFacts._meta.fields if f.name not in ("pk", "refreshed_at")]
    ranged = list(AccountFacts.objects.order_by("day").values(*names))

    AccountFacts.objects.all().delete()
    for day in days(back(90), 91):
        refresh([acme.pk], day, day)

    assert len(ranged) == 91
    assert list(AccountFacts.objects.order_by("day").values(*names)) == ranged


def test_api_calls_are_unknown_until_the_first_and_zero_after_the_last(acme: Account) -> None:
    use(acme, back(40), times=9)
    use(acme, back(35), "API Call", times=500)
    use(acme, back(29), "API Called", times=20)
    use(acme, DAY, "API Call", times=1)

    assert [facts(acme, day).api_calls_30 for day in (back(36), back(35), back(6), back(5), DAY)] == [
        None,
        500,
        520,
        20,
        21,
    ]


def test_gigabytes_are_added_up_from_what_events_tell(acme: Account) -> None:
    use(acme, back(30), gigabytes=100)
    use(acme, back(29), gigabytes=1.25)
    use(acme, DAY, gigabytes=0.000001)
    for no_amount in ("3", -1, 10**7, True, None):
        use(acme, DAY, gigabytes=no_amount)

    assert [facts(acme, day).gigabytes_30 for day in (back(31), back(30), back(1), DAY)] == [
        None,
        Decimal(100),
        Decimal("101.25"),
        Decimal("1.250001"),
    ]
