from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from accounts.usage.models import Event
from tests.factories.records import AccountFactory
from tests.factories.sources import SourceFactory


class EventFactory(DjangoModelFactory[Event]):
    """One stored event; daily usage is the business of intake and is not touched."""

    class Meta:
        model = Event

    source = factory.SubFactory(SourceFactory)
    message_id = factory.Sequence(lambda n: f"message-{n}")
    account = factory.SubFactory(AccountFactory)
    name = "Custom Report Generated"
    occurred_at = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
