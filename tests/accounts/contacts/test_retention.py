"""Raw events are forgotten after the months that were set; what was added up of them stays."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from accounts.contacts.retention import forget_old, keep_for, kept_months
from accounts.usage.models import DailyUsage, Event
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from tests.factories import EventFactory, MilestoneFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 15)
LIMIT = datetime(2026, 3, 15, tzinfo=UTC)


def test_nothing_is_forgotten_until_somebody_sets_it() -> None:
    EventFactory(occurred_at=LIMIT - timedelta(days=3000))
    assert (forget_old(TODAY), kept_months(), Event.objects.count()) == (0, None, 1)


def test_old_events_go_and_daily_usage_and_milestones_stay(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.contacts.retention.BATCH", 2)
    MilestoneFactory(event_name="Custom Report Generated")
    counted = EventFactory(name="Custom Report Generated", occurred_at=LIMIT - timedelta(days=1))
    kept = EventFactory(name="Signed In", occurred_at=LIMIT)
    for _ in range(5):
        EventFactory(name="Signed In", account=kept.account, occurred_at=LIMIT - timedelta(seconds=1))
    usage = DailyUsage.objects.create(
        account=kept.account, day=LIMIT.date(), events=6, key_actions=0, sign_ins=6, seconds=0
    )
    keep_for(3, acting_user=administrator)
    assert (forget_old(TODAY), forget_old(TODAY)) == (5, 0)
    assert set(Event.objects.all()) == {counted, kept}
    assert DailyUsage.objects.get() == usage


@pytest.mark.parametrize("who", ["cs", "finance", "product"])
def test_only_administrators_set_it(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(NotAllowed):
        keep_for(6, acting_user=request.getfixturevalue(who))
    assert kept_months() is None


def test_it_is_set_in_the_browser(administrator: User, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    client = signed_in_as(administrator)
    assert (client.post("/settings/retention/", {"months": "2"}).status_code, kept_months()) == (422, None)
    client.post("/settings/retention/", {"months": "13"})
    assert kept_months() == 13
    assert "13 months after they happened" in signed_in_as(cs).get("/settings/retention/").content.decode()
    assert signed_in_as(cs).post("/settings/retention/", {"months": "6"}).status_code == 403
    client.post("/settings/retention/", {"months": ""})
    assert kept_months() is None
    assert [(line.before, line.after) for line in AuditLine.objects.filter(verb="edited").order_by("id")] == [
        ({"months": None}, {"months": 13}),
        ({"months": 13}, {"months": None}),
    ]
