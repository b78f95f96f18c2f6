"""Where figures come from, and how new the newest datum behind them is on a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.facts.freshness import Origin, origins
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
    assert found[Kind.ACCOUNT].newest_at == acme.created_at


def test_once_raw_events_are_gone_the_last_day_of_use_tells() -> None:
    acme = AccountFactory()
    sign_in(acme, [DAY])
    acme.events.all().delete()

    assert origins(acme, DAY)[Kind.USAGE].newest_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_of_an_account_nobody_told_of_nothing_is_new() -> None:
    found = origins(AccountFactory(), DAY)

    kinds = (Kind.SUBSCRIPTION, Kind.USAGE, Kind.SUPPORT, Kind.FEEDBACK)
    assert [found[kind].newest_at for kind in kinds] == [None] * 4
