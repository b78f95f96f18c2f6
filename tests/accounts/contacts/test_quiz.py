"""The preference quiz: a signed link, answered once, by whoever it was sent to."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.contacts import quiz
from accounts.contacts.erasure import erase
from accounts.contacts.models import QuizAnswer
from accounts.contacts.rules import QUIZ_VERSION, Answers
from accounts.privacy.models import Consent
from accounts.privacy.queries import consents
from accounts.records.models import Contact
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db
ANSWERS = {"work": "lead", "goals": "Fewer hours of reporting", "wishes": ["training", "say"], "consent": "yes"}


@pytest.fixture
def contact() -> Contact:
    return ContactFactory(name="Jane Roe")


@pytest.fixture
def link(contact: Contact, cs: User) -> str:
    return f"/quiz/{quiz.make_link(contact, acting_user=cs)}/"


def test_it_says_what_the_answers_are_for_and_names_nobody(link: str, stranger: Client) -> None:
    response = stranger.get(link)
    page = response.content.decode()
    assert "We use your answers for one thing" in page
    assert "Jane" not in page
    assert (response["X-Robots-Tag"], response["Referrer-Policy"]) == ("noindex, nofollow", "same-origin")
    assert "no-store" in response["Cache-Control"]


def test_answers_are_stored_once_and_dated(link: str, stranger: Client, contact: Contact) -> None:
    assert "Thank you" in stranger.post(link, ANSWERS).content.decode()
    assert "Thank you" in stranger.post(link, ANSWERS | {"work": "buyer", "consent": "no"}).content.decode()
    assert "Thank you" in stranger.get(link).content.decode()
    kept = QuizAnswer.objects.get()
    assert (kept.contact, kept.version, kept.work, kept.wishes) == (contact, QUIZ_VERSION, "lead", ["training", "say"])
    assert timezone.now() - kept.answered_at < timedelta(minutes=1)
    told = Consent.objects.get()
    assert (told.granted, told.source, told.policy_version, told.at) == (True, "quiz", "1", kept.answered_at)
    assert AuditLine.objects.get(verb="quiz_answered").object_label == f"a contact of {contact.account.name}"


def test_no_is_a_withdrawal(link: str, stranger: Client, contact: Contact) -> None:
    Consent.objects.create(contact=contact, granted=True, source="identify", at=timezone.now() - timedelta(days=1))
    stranger.post(link, {"consent": "no"})
    assert not consents(contact)


def test_only_consent_must_be_answered(link: str, stranger: Client) -> None:
    assert (stranger.post(link, {"goals": "x"}).status_code, QuizAnswer.objects.count()) == (422, 0)
    assert (stranger.post(link, {"consent": "yes", "work": "king"}).status_code, QuizAnswer.objects.count()) == (422, 0)
    stranger.post(link, {"consent": "yes"})
    assert (QuizAnswer.objects.get().work, QuizAnswer.objects.get().wishes) == ("", [])


def test_a_link_ends_after_thirty_days(link: str, stranger: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        assert stranger.get(link).status_code == 404
        assert (stranger.post(link, ANSWERS).status_code, QuizAnswer.objects.count()) == (404, 0)


@pytest.mark.parametrize(
    "token", ["x", "1:2:3", signing.dumps([1, QUIZ_VERSION], salt="another")], ids=["no", "parts", "salt"]
)
def test_what_was_not_signed_for_it_does_not_work(token: str, stranger: Client) -> None:
    assert stranger.get(f"/quiz/{token}/").status_code == 404


def test_a_link_of_an_earlier_quiz_does_not_work(contact: Contact) -> None:
    assert quiz.contact_by(signing.dumps([contact.pk, QUIZ_VERSION - 1], salt=quiz.SALT)) is None


def test_a_link_of_an_erased_contact_does_not_work(link: str, stranger: Client, contact: Contact, cs: User) -> None:
    erase(contact, acting_user=cs)
    assert stranger.get(link).status_code == 404
    with pytest.raises(DomainError, match="erased"):
        quiz.make_link(contact, acting_user=cs)


def test_a_form_of_another_site_is_refused(link: str) -> None:
    elsewhere = Client(enforce_csrf_checks=True)
    assert (elsewhere.post(link, ANSWERS).status_code, QuizAnswer.objects.count()) == (403, 0)


def test_tries_are_counted_by_address(link: str, stranger: Client) -> None:
    got = [stranger.get("/quiz/wrong/").status_code for _ in range(quiz.TRIES + 1)]
    assert got == [404] * quiz.TRIES + [429]
    assert stranger.post(link, ANSWERS).status_code == 429
    assert stranger.post(link, ANSWERS, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_customer_success_makes_the_link_and_sees_the_answers(
    contact: Contact, cs: User, signed_in_as: Callable[[User], Client], stranger: Client
) -> None:
    client = signed_in_as(cs)
    made = client.post(f"/accounts/contacts/{contact.pk}/quiz-link")
    assert made["Location"] == f"/accounts/contacts/{contact.pk}/"
    found = re.search(r'"http://testserver(/quiz/[^"]+/)"', client.get(made["Location"]).content.decode())
    assert found
    assert "/quiz/" not in client.get(made["Location"]).content.decode()
    stranger.post(found[1], ANSWERS)
    page = client.get(f"/accounts/contacts/{contact.pk}/").content.decode()
    assert "Fewer hours of reporting" in page
    assert "Training or a workshop, A say in the roadmap" in page
    assert client.post(f"/accounts/contacts/{contact.pk}/quiz-link").status_code == 302


def test_others_make_no_link(contact: Contact, product: User) -> None:
    with pytest.raises(NotAllowed):
        quiz.make_link(contact, acting_user=product)
    assert AuditLine.objects.count() == 0


def test_a_later_version_is_answered_too_but_completed_was_the_first(
    contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(work="lead", goals="", wishes=[], consents=True, policy_version="")
    first = quiz.answer(contact, answers, now=timezone.now())
    assert quiz.answer(contact, answers, now=timezone.now()) == first
    monkeypatch.setattr(quiz, "QUIZ_VERSION", QUIZ_VERSION + 1)
    monkeypatch.setattr(quiz, "quiz_answer", lambda who: None)
    second = quiz.answer(contact, answers, now=timezone.now())
    assert list(QuizAnswer.objects.filter(is_first=True)) == [first]
    second.is_first = True
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()
