"""The outbox: one letter for what is due together, tried again, never twice, whoever sends."""

import json
import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.db import connection
from time_machine import travel

from loyalty.core import outward
from loyalty.core.notices import sending
from loyalty.core.notices.choosing import Wanted, choose
from loyalty.core.notices.models import Letter, Passage
from loyalty.core.notices.rules import LEASE, TRIES, Pace
from loyalty.core.notices.sending import claim, send, send_due
from loyalty.core.notices.verbs import tell
from loyalty.core.outward import AddressRefused, Answer, NoAnswer
from loyalty.core.people.models import User
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SLACK = "https://hooks.slack.com/services/T0/B0/secret"


@pytest.fixture(autouse=True)
def _mail(settings: LazySettings) -> None:
    settings.MAIL_IS_SET_UP = True
    settings.PUBLIC_ADDRESS = "https://loyalty.example.com"


@pytest.fixture
def finance(finance: User) -> User:
    """Fay, whose address an administrator entered."""
    finance.email = "fay@example.com"
    finance.save()
    return finance


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What went to Slack, which takes everything."""
    got: list[tuple[str, dict[str, Any]]] = []

    def take(url: str, body: bytes, headers: object) -> Answer:
        got.append((url, json.loads(body)))
        return Answer(200, "ok", None)

    monkeypatch.setattr(outward, "post", take)
    return got


@pytest.fixture
def told_by_slack(finance: User) -> User:
    choose(Wanted(Pace.OFF, Pace.AT_ONCE, 8, SLACK), acting_user=finance)
    return finance


@pytest.fixture
def told_by_mail(finance: User) -> User:
    choose(Wanted(Pace.AT_ONCE, Pace.OFF, 8), acting_user=finance)
    return finance


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Answer]) -> None:
    monkeypatch.setattr(outward, "post", lambda url, body, headers: answer())


def letters() -> list[tuple[str, int, str]]:
    return list(Letter.objects.order_by("id").values_list("state", "tries", "error"))


def test_a_letter_leads_to_its_item(told_by_mail: User, mailoutbox: list[EmailMessage]) -> None:
    tell([told_by_mail.pk], "k", "Priya Shah proposed: Change to First report", "/changes/7/")
    assert (send_due(), send_due()) == (1, 0)
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["fay@example.com"], "Priya Shah proposed: Change to First report")
    assert "https://loyalty.example.com/changes/7/" in mail.body
    assert "https://loyalty.example.com/settings/notices/" in mail.body
    letter = Letter.objects.get()
    assert mail.extra_headers["Message-ID"] == f"<letter-{letter.pk}@loyalty.example.com>"
    assert letters() == [("sent", 1, "")]


def test_a_line_break_in_words_makes_no_header(told_by_mail: User, mailoutbox: list[EmailMessage]) -> None:
    tell([told_by_mail.pk], "k", "Words\nBcc: all@example.com", "/")
    assert send_due() == 1
    assert mailoutbox[0].subject == "Words Bcc: all@example.com"
    assert list(mailoutbox[0].message().get_all("Bcc", [])) == []


def test_a_digest_holds_what_the_day_brought(finance: User, mailoutbox: list[EmailMessage]) -> None:
    with travel(NOW, tick=False):
        choose(Wanted(Pace.DAILY, Pace.OFF, 8), acting_user=finance)
        tell([finance.pk], "a", "First", "/changes/1/")
        tell([finance.pk], "b", "Second", "/changes/2/")
    with travel(NOW + timedelta(hours=22, minutes=59), tick=False):
        assert send_due() == 0
    with travel(NOW + timedelta(hours=23), tick=False):
        tell([finance.pk], "c", "For tomorrow", "/changes/3/")
        assert send_due() == 1
    (mail,) = mailoutbox
    assert mail.subject == "2 notices from Loyalty"
    assert mail.body.index("First") < mail.body.index("Second")
    assert "tomorrow" not in mail.body


def test_slack_gets_links_and_reads_nothing_else_out_of_names(
    told_by_slack: User, posted: list[tuple[str, dict[str, Any]]]
) -> None:
    tell([told_by_slack.pk], "k", "Offer for <!channel> & <https://evil.example|Co>", "/offers/1/?a=1&b=2")
    assert send_due() == 1
    text = (
        "<https://loyalty.example.com/offers/1/?a=1&amp;b=2"
        "|Offer for &lt;!channel&gt; &amp; &lt;https://evil.example¦Co&gt;>"
    )
    assert posted == [(SLACK, {"text": text, "unfurl_links": False})]


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_what_cannot_be_taken_now_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, told_by_slack: User, status: int
) -> None:
    answering(monkeypatch, lambda: Answer(status, "busy", None))
    with travel(NOW, tick=False):
        tell([told_by_slack.pk], "k", "Words", "/")
        assert send_due() == 0
    assert letters() == [("waiting", 1, f"Slack answered {status}: busy")]
    with travel(NOW + timedelta(seconds=59), tick=False):
        assert claim() is None
    with travel(NOW + timedelta(seconds=60), tick=False):
        answering(monkeypatch, lambda: Answer(200, "ok", None))
        assert send_due() == 1
    assert letters() == [("sent", 2, "")]


def test_the_receiver_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch, told_by_slack: User) -> None:
    answering(monkeypatch, lambda: Answer(429, "rate_limited", 600))
    with travel(NOW, tick=False):
        tell([told_by_slack.pk], "k", "Words", "/")
        send_due()
    assert Letter.objects.get().due_at == NOW + timedelta(seconds=600)


def test_after_so_many_tries_it_is_given_up(monkeypatch: pytest.MonkeyPatch, told_by_slack: User) -> None:
    def nobody() -> Answer:
        raise NoAnswer("hooks.slack.com did not answer: timed out")

    answering(monkeypatch, nobody)
    with travel(NOW, tick=False) as clock:
        tell([told_by_slack.pk], "k", "Words", "/")
        for _ in range(TRIES + 3):
            send_due()
            clock.shift(timedelta(days=1))
    assert letters() == [
        ("failed", TRIES, f"Given up after {TRIES} tries. hooks.slack.com did not answer: timed out"),
    ]


def test_what_is_refused_is_not_tried_again(monkeypatch: pytest.MonkeyPatch, told_by_slack: User) -> None:
    answering(monkeypatch, lambda: Answer(404, "no_service", None))
    tell([told_by_slack.pk], "k", "Words", "/")
    assert (send_due(), claim()) == (0, None)
    assert letters() == [("failed", 1, "Slack answered 404: no_service")]


def test_a_private_address_is_refused_when_it_is_sent_to(monkeypatch: pytest.MonkeyPatch, told_by_slack: User) -> None:
    def private() -> Answer:
        raise AddressRefused("hooks.slack.com leads into a private network.")

    answering(monkeypatch, private)
    tell([told_by_slack.pk], "k", "Words", "/")
    send_due()
    assert letters() == [("failed", 1, "hooks.slack.com leads into a private network.")]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (OSError("no route"), ("waiting", 1, "The mail server did not take it: no route")),
        (smtplib.SMTPServerDisconnected("gone"), ("waiting", 1, "The mail server did not take it: gone")),
    ],
)
def test_a_mail_server_in_trouble_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, told_by_mail: User, trouble: Exception, outcome: tuple[str, int, str]
) -> None:
    def fail(self: EmailMessage, fail_silently: bool = False) -> int:
        raise trouble

    monkeypatch.setattr(EmailMessage, "send", fail)
    tell([told_by_mail.pk], "k", "Words", "/")
    assert send_due() == 0
    assert letters() == [outcome]


def test_who_left_meanwhile_gets_nothing(told_by_mail: User, mailoutbox: list[EmailMessage]) -> None:
    tell([told_by_mail.pk], "k", "Words", "/")
    User.objects.filter(pk=told_by_mail.pk).update(is_active=False)
    assert send_due() == 0
    assert (mailoutbox, letters()) == ([], [("cancelled", 1, "This person is no longer active.")])


def test_a_worker_that_died_gives_its_letter_back_and_can_note_nothing(
    told_by_slack: User, posted: list[tuple[str, dict[str, Any]]]
) -> None:
    with travel(NOW, tick=False):
        tell([told_by_slack.pk], "k", "Words", "/")
        sending.bundle()
        dead = claim()
        assert dead is not None
        assert claim() is None
    with travel(NOW + LEASE + timedelta(seconds=1), tick=False):
        taken = claim()
        assert taken is not None
        sending._end(dead, sending.LetterState.FAILED, error="too late")
        assert send(taken) is True
    assert letters() == [("sent", 2, "")]


@pytest.mark.django_db(transaction=True)
def test_many_who_send_at_once_send_each_once(mailoutbox: list[EmailMessage]) -> None:
    people = [PersonFactory(email=f"p{n}@example.com") for n in range(25)]
    for person in people:
        choose(Wanted(Pace.AT_ONCE, Pace.OFF, 8), acting_user=person)
    tell([person.pk for person in people], "k", "Words", "/")

    def go(_: int) -> int:
        try:
            return send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(go, range(6))) == 25
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(person.email for person in people)
    assert not Passage.objects.filter(letter=None).exists()
