"""Where figures come from, and how new the newest datum behind them is on a day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.facts.freshness import Origin, origins
from accounts.records.dated import PlanSegmentSince
from accounts.records.days import midnight
from accounts.records.models import Account
from accounts.sources.rules import Kind
from tests.accounts.facts.company import moment, nps, sign_in, subscription, ticket
from tests.factories import AccountFactory, SourceFactory

DAY = date(2026, 3, 31)
LATER = DAY + timedelta(days=1)
pytestmark = pytest.mark.django_db


def test_each_kind_is_as_new_as_the_last_that_counts_for_the_day() -> None:
    SourceFactory(name="Helpdesk", kinds=[Kind.SUPPORT])
    acme = AccountFactory()
    subscription(acme, DAY - timedelta(days=9))
    sign_in(acme, [DAY, LATER])
    ticket(acme, DAY - timedelta(days=5), DAY - timedelta(days=2))
    ticket(acme, DAY - timedelta(days=4), LATER)
    nps(acme, DAY - timedelta(days=3), 9)
    nps(acme, LATER, 1)

    found = origins(acme, DAY)

    assert found[Kind.SUPPORT] == Origin("Helpdesk", moment(DAY - timedelta(days=2)))
    assert found[Kind.SUBSCRIPTION].newest_at == moment(DAY - timedelta(days=9))
    assert found[Kind.USAGE].newest_at == moment(DAY)
    assert found[Kind.FEEDBACK] == Origin("", moment(DAY - timedelta(days=3)))


def account_at(account: Account, day: date) -> datetime | None:
    return origins(account, day)[Kind.ACCOUNT].newest_at


def test_of_the_account_a_past_day_shows_what_had_been_told_by_then() -> None:
    acme, bare = AccountFactory(), AccountFactory(plan_segment="")
    today = timezone.now().date()
    told_at = timezone.now()
    Account.objects.filter(pk=acme.pk).update(traits_at=told_at)
    acme.refresh_from_db()
    assert account_at(acme, today) == told_at
    # Nothing was told by then: the first telling counts back.
    assert account_at(acme, DAY) == midnight(today)
    assert account_at(bare, DAY) is None
    for ago in (1, 20, 40):
        PlanSegmentSince.objects.create(account=acme, from_day=DAY - timedelta(days=ago), plan_segment="enterprise")
    assert account_at(acme, DAY) == midnight(DAY - timedelta(days=1))
    assert account_at(acme, DAY - timedelta(days=30)) == midnight(DAY - timedelta(days=40))


@pytest.mark.parametrize("told", [{"turns": [1, 8, 12, 20]}, {"rated_at": 8}, {"rated_at": 8, "turns": [1, 2, 20, 21]}])
def test_a_ticket_tells_when_it_is_opened_again_and_when_it_is_rated(told: dict[str, int | list[int]]) -> None:
    acme = AccountFactory()
    ticket(acme, DAY - timedelta(days=9), DAY + timedelta(days=30))
    opened = moment(DAY - timedelta(days=9))
    dated = {
        field: opened + timedelta(days=days) if isinstance(days, int) else [opened + timedelta(days=n) for n in days]
        for field, days in told.items()
    }
    acme.tickets.update(**dated)

    assert origins(acme, DAY)[Kind.SUPPORT].newest_at == moment(DAY - timedelta(days=1))


def test_once_raw_events_are_gone_the_last_day_of_use_tells_whatever_event_is_kept() -> None:
    acme = AccountFactory()
    sign_in(acme, [DAY - timedelta(days=90), DAY])
    acme.events.filter(occurred_at__gte=midnight(DAY)).delete()

    assert origins(acme, DAY)[Kind.USAGE].newest_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_of_an_account_nobody_told_of_nothing_is_new() -> None:
    found = origins(AccountFactory(), DAY)

    kinds = (Kind.SUBSCRIPTION, Kind.USAGE, Kind.SUPPORT, Kind.FEEDBACK)
    assert [found[kind].newest_at for kind in kinds] == [None] * 4
