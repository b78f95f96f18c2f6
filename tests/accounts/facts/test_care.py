"""What the facts say of tickets, scores and milestones."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.facts.models import AccountFacts
from accounts.facts.rules import MEANINGS
from accounts.facts.verbs import refresh
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account, FeedbackScore, Ticket
from tests.accounts.facts.company import moment, nps, ticket, use
from tests.factories import AccountFactory, MilestoneFactory

DAY = date(2026, 3, 31)
pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Account:
    return AccountFactory(name="Acme")


def facts(account: Account, day: date = DAY) -> AccountFacts:
    refresh([account.pk], day, day)
    return AccountFacts.objects.get(account=account, day=day)


def back(n: int) -> date:
    return DAY - timedelta(days=n)


def test_open_tickets_are_those_open_at_the_end_of_the_day(acme: Account) -> None:
    ticket(acme, back(100))
    ticket(acme, back(100), closed=DAY)
    ticket(acme, back(30), closed=back(-1))
    ticket(acme, back(29), closed=back(20))
    ticket(acme, DAY)
    ticket(acme, back(-1))

    found = facts(acme)

    assert (found.open_tickets, found.tickets_30) == (3, 2)


def test_without_any_support_data_tickets_are_unknown(acme: Account) -> None:
    ticket(acme, back(-1))

    found = facts(acme)

    assert (found.open_tickets, found.tickets_30) == (None, None)


def test_once_tickets_are_told_an_account_without_one_has_none(acme: Account) -> None:
    ticket(AccountFactory(), back(90))

    found = facts(acme)

    assert (found.open_tickets, found.tickets_30) == (0, 0)


def test_nps_is_the_latest_answer_within_180_days(acme: Account) -> None:
    nps(acme, back(10), 4)
    nps(acme, back(3), 9)
    nps(acme, back(-1), 1)
    FeedbackScore.objects.create(account=acme, external_id="csat", kind="csat", score=Decimal(2), at=moment(DAY))

    assert facts(acme).nps == Decimal("9.0")


@pytest.mark.parametrize(("days_ago", "score"), [(179, Decimal("7.0")), (180, None)])
def test_an_old_answer_says_nothing(acme: Account, days_ago: int, score: Decimal | None) -> None:
    nps(acme, back(days_ago), 7)

    assert facts(acme).nps == score


def test_of_answers_of_the_same_moment_the_lowest_counts_also_after_an_erasure(acme: Account) -> None:
    low = nps(acme, DAY, 3, external_id="z")
    nps(acme, DAY, 8, external_id="nps-8")
    assert facts(acme).nps == Decimal("3.0")

    FeedbackScore.objects.filter(pk=low.pk).update(external_id=f"erased:{low.pk}")
    assert facts(acme).nps == Decimal("3.0")


def test_milestones_stand_from_the_day_they_were_reached(acme: Account) -> None:
    for key, day in (("second", DAY), ("first", back(5)), ("later", back(-1))):
        MilestoneReach.objects.create(
            milestone=MilestoneFactory(key=key), account=acme, version=1, count=1, reached_at=moment(day), fires=False
        )

    assert facts(acme, back(1)).milestones == ["first"]
    assert facts(acme).milestones == ["first", "second"]


def csat(account: Account, day: date, score: str) -> None:
    FeedbackScore.objects.create(
        account=account,
        external_id=f"csat-{FeedbackScore.objects.count()}",
        kind="csat",
        score=Decimal(score),
        at=moment(day),
    )


def test_csat_is_the_mean_of_answers_and_ticket_ratings_in_90_days(acme: Account) -> None:
    csat(acme, back(90), "1")
    csat(acme, back(89), "4")
    csat(acme, DAY, "5")
    csat(acme, back(-1), "1")
    for opened, closed, rating in ((back(95), back(89), 2), (back(95), back(90), 1), (back(3), back(-1), 1)):
        Ticket.objects.filter(pk=ticket(acme, opened, closed).pk).update(satisfaction=rating)
    nps(acme, DAY, 10)

    assert facts(acme).csat_90 == Decimal("3.67")


def test_without_answers_csat_is_unknown(acme: Account) -> None:
    ticket(acme, back(3), closed=DAY)

    assert facts(acme).csat_90 is None


@pytest.mark.parametrize(("days_ago", "intent"), [(0, True), (29, True), (30, False), (-1, None)])
def test_cancellation_intent_that_the_product_tells_stands_for_30_days(
    acme: Account, days_ago: int, intent: bool | None
) -> None:
    use(acme, back(days_ago), "Cancellation Intent")

    assert facts(acme).cancellation_intent is intent


def test_an_account_of_which_little_is_known_has_facts_with_the_rest_unknown() -> None:
    bare = AccountFactory(plan_segment="", signed_up_on=None, industry="EdTech", employee_count=40, goals="Grow")

    found = facts(bare)

    told = {f.name: getattr(found, f.name) for f in AccountFacts._meta.fields if f.null}
    assert {name: value for name, value in told.items() if value is not None} == {}
    assert found.milestones == []


def test_every_fact_has_a_meaning() -> None:
    named = {f.name for f in AccountFacts._meta.fields} - {"pk", "day", "account", "streaks", "refreshed_at"}

    assert set(MEANINGS) == named
