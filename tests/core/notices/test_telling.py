"""Telling people: once for a cause, as each chose, and only those who are there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries
from time_machine import travel

from loyalty.core.errors import DomainError
from loyalty.core.notices.choosing import Wanted, choice_of, choose, slack_address
from loyalty.core.notices.models import Notice, NoticeChoice, Passage
from loyalty.core.notices.rules import Pace
from loyalty.core.notices.verbs import Told, mark_all_read, mark_read, tell, tell_all
from loyalty.core.people.models import User
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SLACK = "https://hooks.slack.com/services/T0/B0/secret"


@pytest.fixture(autouse=True)
def _mail(settings: LazySettings) -> None:
    settings.MAIL_IS_SET_UP = True
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"


@pytest.fixture
def finance(finance: User) -> User:
    """Fay, whose address an administrator entered."""
    finance.email = "fay@example.com"
    finance.save()
    return finance


def passages() -> list[tuple[str, str, datetime]]:
    return list(Passage.objects.order_by("id").values_list("notice__key", "channel", "due_at"))


def wanted(email: Pace = Pace.OFF, slack: Pace = Pace.OFF, hour: int = 8, url: str = "") -> Wanted:
    return Wanted(email_pace=email, slack_pace=slack, digest_hour=hour, slack_url=url)


def test_a_cause_is_told_once(finance: User, cs: User) -> None:
    assert tell([finance.pk, cs.pk, cs.pk], "change:1", "A change waits", "/changes/1/") == 2
    assert tell([finance.pk, cs.pk], "change:1", "Said otherwise", "/changes/1/") == 0
    assert tell([finance.pk], "change:2", "Another", "/changes/2/") == 1
    told = Notice.objects.order_by("id").values_list("person", "key", "words", "url")
    assert list(told) == sorted(
        [
            (finance.pk, "change:1", "A change waits", "/changes/1/"),
            (cs.pk, "change:1", "A change waits", "/changes/1/"),
        ]
    ) + [(finance.pk, "change:2", "Another", "/changes/2/")]


def test_nobody_who_left_is_told() -> None:
    gone = PersonFactory(is_active=False)
    assert tell([gone.pk, 10**9], "change:1", "A change waits", "/changes/1/") == 0
    assert not Notice.objects.exists()


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "/\\evil.example", "changes/", "/a\nb"])
def test_a_notice_leads_inside(finance: User, url: str) -> None:
    with pytest.raises(ValueError, match="Not a notice"):
        tell([finance.pk], "k", "Words", url)
    assert not Notice.objects.exists()


def test_the_database_too_lets_a_notice_lead_only_inside(finance: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(person=finance, key="k", words="w", url="//evil.example")


def test_who_chose_nothing_gets_a_digest_by_mail_where_there_is_an_address() -> None:
    reached, unreached = PersonFactory(email="fay@example.com"), PersonFactory(email="")
    with travel(NOW, tick=False):
        tell([reached.pk, unreached.pk], "k", "Words", "/")
    assert passages() == [("k", "email", datetime(2026, 3, 11, 7, 0, tzinfo=UTC))]
    assert Passage.objects.get().person == reached


def test_without_a_mail_server_nothing_waits_for_one(settings: LazySettings) -> None:
    settings.MAIL_IS_SET_UP = False
    assert tell([PersonFactory(email="fay@example.com").pk], "k", "Words", "/") == 1
    assert passages() == []


def test_each_way_at_its_own_pace(finance: User) -> None:
    with travel(NOW, tick=False):
        choose(wanted(Pace.AT_ONCE, Pace.DAILY, 17, SLACK), acting_user=finance)
        tell([finance.pk], "k", "Words", "/")
    assert passages() == [("k", "email", NOW), ("k", "slack", datetime(2026, 3, 10, 16, 0, tzinfo=UTC))]


def test_another_choice_holds_for_what_waits(finance: User) -> None:
    with travel(NOW, tick=False):
        choose(wanted(Pace.DAILY, Pace.DAILY, 8, SLACK), acting_user=finance)
        tell([finance.pk], "k", "Words", "/")
        choose(wanted(Pace.AT_ONCE, Pace.OFF), acting_user=finance)
    assert passages() == [("k", "email", NOW)]


def test_the_slack_address_is_sealed_and_kept_until_it_is_forgotten(finance: User) -> None:
    choose(wanted(slack=Pace.AT_ONCE, url=SLACK), acting_user=finance)
    kept = NoticeChoice.objects.get()
    assert (slack_address(finance.pk), kept.slack_hint) == (SLACK, "cret")
    assert "hooks.slack.com" not in kept.slack_sealed
    choose(wanted(slack=Pace.DAILY), acting_user=finance)
    assert slack_address(finance.pk) == SLACK
    choose(Wanted(Pace.OFF, Pace.OFF, 8, forget_slack=True), acting_user=finance)
    assert (slack_address(finance.pk), choice_of(finance).slack_hint) == ("", "")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (wanted(slack=Pace.AT_ONCE), "Slack needs the address"),
        (wanted(slack=Pace.AT_ONCE, url="http://hooks.slack.com/x"), "must begin with https"),
        (wanted(slack=Pace.AT_ONCE, url="https://user:pass@hooks.slack.com/x"), "nothing before it"),
        (wanted(slack=Pace.AT_ONCE, url="https:///x"), "must name a host"),
    ],
)
def test_a_way_that_reaches_nobody_is_not_chosen(finance: User, choice: Wanted, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        choose(choice, acting_user=finance)
    assert not NoticeChoice.objects.exists()


def test_many_are_told_in_as_many_queries_as_one(
    django_assert_num_queries: DjangoAssertNumQueries, finance: User
) -> None:
    people = [PersonFactory(email="p@example.com") for _ in range(20)]
    with django_assert_num_queries(6):  # two of them the savepoint
        assert tell_all([Told(person.pk, f"k{n}", "Words", "/") for n in range(5) for person in people]) == 100
    with django_assert_num_queries(6):
        assert tell([people[0].pk], "another", "Words", "/") == 1


def test_reading_is_for_the_person_alone(finance: User, cs: User) -> None:
    tell([finance.pk, cs.pk], "k", "Words", "/")
    tell([finance.pk], "later", "Words", "/")
    mine = Notice.objects.get(person=finance, key="k")
    with pytest.raises(Notice.DoesNotExist):
        mark_read(mine.pk, acting_user=cs)
    assert mark_all_read(acting_user=finance, up_to=mine.pk) == 1
    assert mark_read(mine.pk, acting_user=finance) == mine
    unread = Notice.objects.filter(read_at=None).values_list("person", "key")
    assert set(unread) == {(cs.pk, "k"), (finance.pk, "later")}


@pytest.mark.django_db(transaction=True)
def test_many_who_tell_the_same_at_once_tell_it_once() -> None:
    people = [PersonFactory(email="p@example.com").pk for _ in range(5)]

    def repeat(n: int) -> int:
        try:
            return tell_all(
                [Told(person, f"k{m}", "Words", "/") for person in people[:: 1 - 2 * (n % 2)] for m in (0, 1)]
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(repeat, range(16))) == 10
    assert (Notice.objects.count(), Passage.objects.count()) == (10, 10)
