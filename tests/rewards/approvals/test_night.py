"""What the night does with undecided offers: it ranks them, reminds, escalates, and lets the overdue lapse."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.facts.verbs import refresh
from accounts.records.models import Account
from loyalty.core.absence.models import Delegation
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function
from rewards.approvals.lapsing import lapse_overdue
from rewards.approvals.refreshing import rank_open_offers
from rewards.approvals.reminding import remind
from rewards.caps.models import CapPeriod
from rewards.offers.models import Offer
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db
# A Monday; the night of each day begins at 00:10 UTC.
MONDAY = datetime(2026, 3, 2, 0, 10, tzinfo=UTC)
WEDNESDAY_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def due(at: datetime = WEDNESDAY_NOON, **changes: object) -> Offer:
    return OfferFactory(due_at=at, **changes)


def told() -> list[tuple[str, str]]:
    return [(n.person.first_name, n.words.partition(":")[0]) for n in Notice.objects.order_by("person_id", "id")]


def night(days: int) -> int:
    with time_machine.travel(MONDAY + timedelta(days), tick=False):
        return remind(MONDAY + timedelta(days))


def test_reminded_the_working_day_before_and_escalated_on_the_day(cs: User, cs_colleague: User) -> None:
    Membership.objects.filter(user=cs_colleague).update(is_lead=True)
    due()
    assert night(0) == 0
    assert night(1) == 2
    assert night(1) == 0
    assert told() == [("Cleo", "Waits for you"), ("Chen", "Waits for you")]
    assert night(2) == 1
    assert told()[-1] == ("Chen", "Nobody of Customer Success has decided it")
    # Past due it lapses; nobody is asked any more.
    assert night(3) == 0


def test_over_a_weekend_friday_is_the_working_day_before_monday(cs: User) -> None:
    due(WEDNESDAY_NOON + timedelta(5))
    assert [night(3), night(4)] == [0, 1]


def test_where_nobody_leads_all_hear(cs: User, cs_colleague: User) -> None:
    due()
    assert night(2) == 4


def test_who_works_the_offer_is_reminded_alone(cs: User, cs_colleague: User) -> None:
    due(assigned_to=cs)
    night(1)
    assert told() == [("Cleo", "Waits for you")]


def test_whoever_is_away_hears_nothing_their_stand_in_does(cs: User, finance: User) -> None:
    day = MONDAY.date() + timedelta(1)
    Delegation.objects.create(delegator=cs, delegate=finance, starts_on=day, ends_on=day)
    due(assigned_to=cs)
    night(1)
    assert told() == [("Fay", "Waits for you")]


def test_nobody_is_asked_to_decide_what_they_proposed(cs: User, cs_colleague: User) -> None:
    due(proposed_by=cs)
    night(1)
    assert told() == [("Chen", "Waits for you")]


def test_only_whose_turn_it_is(finance: User, cs: User) -> None:
    due(functions=[Function.FINANCE, Function.CS])
    night(1)
    assert told() == [("Fay", "Waits for you")]


def test_a_notice_leads_to_the_offer(cs: User) -> None:
    offer = due()
    night(1)
    notice = Notice.objects.get()
    assert notice.url == f"/offers/{offer.pk}/"
    assert notice.words == f"Waits for you: {offer}, due 4 Mar, 12:00 UTC. Undecided, it lapses."


def test_many_lapse_in_as_many_statements_as_one() -> None:
    counted = []
    for offers in (1, 12):
        OfferFactory.create_batch(offers, due_at=MONDAY)
        with CaptureQueriesContext(connection) as queries:
            assert lapse_overdue(now=MONDAY + timedelta(1)) == offers
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert CapPeriod.objects.count() == 0


def facts(account: Account, **values: object) -> None:
    """Facts of today with these values."""
    today = datetime.now(UTC).date()
    refresh([account.pk], today, today, follow=False)
    sets = ", ".join(f"{name} = %s" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE accounts_accountfacts SET {sets} WHERE account_id = %s", [*values.values(), account.pk])


def ranked(**values: object) -> Offer:
    offer = OfferFactory(account=AccountFactory())
    facts(offer.account, **values)
    rank_open_offers(datetime.now(UTC).date())
    offer.refresh_from_db()
    return offer


TODAY = datetime.now(UTC).date()
RANKS = [
    ({"arr": 1000, "renews_on": TODAY + timedelta(30), "cancellation_intent": True}, "1000.00"),
    ({"arr": 1000, "renews_on": TODAY + timedelta(31), "cancellation_intent": True}, "800.00"),
    ({"arr": 1000, "renews_on": TODAY + timedelta(90), "nps": 6}, "540.00"),
    ({"arr": 1000, "renews_on": TODAY + timedelta(91), "nps": 7}, "160.00"),
    ({"arr": 1000, "renews_on": TODAY - timedelta(1), "days_since_sign_in": 21}, "360.00"),
    ({"arr": 1000, "renews_on": TODAY, "segments": ["at-risk"], "nps": 9}, "900.00"),
    ({"arr": 1000, "days_since_sign_in": None, "nps": None}, "240.00"),
    ({"arr": None, "cancellation_intent": True}, "0.00"),
]


@pytest.mark.parametrize(("values", "at_stake"), RANKS)
def test_what_is_at_stake(values: dict[str, object], at_stake: str) -> None:
    assert ranked(**values).at_stake == Decimal(at_stake)


def test_ranking_twice_moves_nothing_and_an_offer_without_facts_ranks_last(cs: User) -> None:
    offer = ranked(arr=1000)
    bare = OfferFactory(account=AccountFactory(cs_manager=cs))
    assert rank_open_offers(TODAY) == 1
    assert rank_open_offers(TODAY) == 0
    bare.refresh_from_db()
    assert (bare.at_stake, bare.stake, bare.assigned_to) == (Decimal(0), {"health": "unknown"}, cs)
    assert list(Offer.objects.order_by("-at_stake", "-id")) == [offer, bare]
