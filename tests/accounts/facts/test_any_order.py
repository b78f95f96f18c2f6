"""Late, doubled, out of order: the same events make the same facts."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh_dirty
from accounts.usage.models import KeyAction
from tests.accounts.facts.by_hand import Told, facts_by_hand
from tests.accounts.facts.company import mark, use
from tests.factories import AccountFactory, ContactFactory

FIRST = date(2026, 1, 1)
LAST = date(2026, 3, 31)

told = st.builds(
    Told,
    message_id=st.uuids().map(str),
    day=st.integers(0, 89).map(lambda n: FIRST + timedelta(days=n)),
    name=st.sampled_from(["Signed In", "Report Exported", "Dashboard Opened", "Search"]),
    contact=st.integers(0, 3),
    times=st.integers(0, 4),
    seconds=st.integers(0, 200),
)


class AnyOrder(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(st.sets(told, min_size=1, max_size=25), st.data())
    def test_any_order_gives_the_facts_counted_by_hand(self, events: set[Told], data: st.DataObject) -> None:
        KeyAction.objects.get_or_create(event_name="Report Exported")
        acme = AccountFactory()
        contacts = [None, *(ContactFactory(account=acme) for _ in range(3))]
        mark(acme, FIRST)
        doubled = data.draw(st.lists(st.sampled_from(sorted(events, key=lambda e: e.message_id)), max_size=10))
        arrivals = data.draw(st.permutations([*sorted(events, key=lambda e: e.message_id), *doubled]))
        refresh_after = data.draw(st.integers(0, len(arrivals)))

        for place, event in enumerate(arrivals):
            if place == refresh_after:
                refresh_dirty(100, up_to=LAST)
            who = contacts[event.contact]
            key = f"{acme.pk}-{event.message_id}"
            if use(acme, event.day, event.name, contact=who, times=event.times, seconds=event.seconds, message_id=key):
                mark(acme, event.day)
        refresh_dirty(100, up_to=LAST)

        for row in AccountFacts.objects.filter(account=acme):
            expected = facts_by_hand(events, row.day)
            assert {name: getattr(row, name) for name in expected} == expected, row.day
        assert AccountFacts.objects.filter(account=acme).count() == 90
