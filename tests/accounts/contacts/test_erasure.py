"""FAULT 35: nothing that names an erased person is left in a dump; facts and balances are as before."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.contacts.erasure import erase
from accounts.contacts.models import QuizAnswer
from accounts.contacts.verbs import set_role
from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh
from accounts.intake.files.models import FileRefusal, FileUpload
from accounts.intake.hooks.models import HookCall
from accounts.intake.models import ProfileCall, RefusedItem
from accounts.privacy.models import Erasure, Suppressed
from accounts.privacy.queries import consents, erased_among
from accounts.privacy.rules import ConsentSource, Word
from accounts.privacy.verbs import tell_consent
from accounts.records.models import Account, Contact, FeedbackScore
from accounts.records.rules import ContactRole
from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from accounts.usage.models import ContactDay, DailyUsage, Event
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.sealing import check_seals, seal
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import SavedView
from rewards.approvals.revising import revise
from rewards.approvals.saved import keep_view
from rewards.approvals.shelving import snooze
from rewards.approvals.talking import comment
from rewards.approvals.verbs import reject
from rewards.ledger.models import Posting
from rewards.ledger.verbs import issue_credit
from rewards.offers.handing import decline, deliver
from rewards.offers.models import Grant, Offer
from tests.accounts.intake.conftest import basic
from tests.accounts.intake.hooks.conftest import SECRET, signed
from tests.factories import (
    AccountFactory,
    CampaignFactory,
    ContactFactory,
    MilestoneFactory,
    OfferFactory,
    SourceFactory,
)
from tests.rewards.campaigns.made import evaluate

pytestmark = pytest.mark.django_db
JANE, MAIL, PHONE = "user-17-jane", "jane.roe@acme.example", "+1 555 0100 17"
TELLING = ("user-17-jane", "anon-99-x", "jane.roe", "jane roe", "jane+roe", "555 0100")


@pytest.fixture
def refused_consent(client: Client) -> Any:
    """The answer to a signed record that came before anybody knew Jane."""
    survey = SourceFactory(name="Survey", kinds=[Kind.FEEDBACK])
    keep_secret(survey, Scheme.STANDARD, SECRET, acting_user=None)
    told = {"contact": JANE, "granted": True, "at": "2026-03-10T09:00:00Z"}
    body = json.dumps({"type": "consent", "data": told}).encode()
    headers = signed(body, f"consent-of-{JANE}")
    return client.post(f"/webhooks/{survey.pk}", body, content_type="application/json", headers=headers).json()


@pytest.fixture
def jane(refused_consent: Any, send: Callable[..., Any], cs: User) -> Contact:
    """Somebody of whom every table knows something."""
    now = timezone.now()
    send("identify", messageId="i-0", userId="anon-99-x", traits={"phone": PHONE})
    send("alias", messageId="a-1", previousId="anon-99-x", userId=JANE)
    send("group", messageId=f"g-{JANE}", userId=JANE, groupId="acme", traits={"name": "Acme", "owner": MAIL})
    told = {"name": "Jane Roe", "email": MAIL}
    send("identify", messageId="i-1", userId=JANE, traits=told)
    send("identify", messageId="i-2", userId="colleague", traits={"email": "bob@acme.example"})
    for n, who in enumerate((JANE, JANE, "colleague")):
        send(
            "track",
            messageId=f"{who}-{n}",
            userId=who,
            event="Report Shared",
            context={"groupId": "acme"},
            timestamp=(now - timedelta(days=n)).isoformat(),
            properties={"to": MAIL, "gigabytes": 1.5, "note": f"for Jane Roe ({JANE})"},
        )
    upload = FileUpload.objects.create(kind="account", name="people.csv", size=0, uploaded_by=cs)
    FileRefusal.objects.create(upload=upload, line=2, raw=json.dumps(["7", MAIL]), reason=f"{MAIL} is no account.")
    send("track", messageId="bad", userId=JANE, event="", properties={"email": MAIL})
    contact = Contact.objects.get(external_id=JANE)
    tell_consent([Word(contact.pk, True, "1", ConsentSource.RECORD, now)], now=now, acting_user=None)
    FeedbackScore.objects.create(
        account=contact.account, contact=contact, external_id=f"nps-{JANE}", kind="nps", score=9, at=now
    )
    QuizAnswer.objects.create(contact=contact, version=1, goals="I am Jane Roe", wishes=["say"], answered_at=now)
    set_role(contact, ContactRole.CHAMPION, acting_user=cs)
    granted = OfferFactory(account=contact.account, contact=contact, state="approved")
    OfferFactory(account=contact.account, contact=contact, campaign=granted.campaign, cause_key="open")
    Offer.objects.update(
        evidence={"summary": "s", "words": ["Jane Roe did it"], "events": [{"detail": f"message {JANE}-0"}]}
    )
    granted.steps.update(note=f"Ask {MAIL}")
    grant = Grant.objects.create(
        offer=granted,
        account=granted.account,
        face_value=granted.face_value,
        currency=granted.currency,
        expires_on=date(2099, 1, 1),
    )
    issue_credit(grant, booked_on=now.date(), acting_user=cs)
    type_about_them(granted, Offer.objects.get(cause_key="open"), cs)
    refresh(None, now.date() - timedelta(days=3), now.date())
    return contact


def type_about_them(granted: Offer, undecided: Offer, cs: User) -> None:
    """All that people can type about offers; the reason of a snooze is full, and striking must not lengthen it."""
    snooze([undecided.pk], date.today() + timedelta(days=3), "Jane Roe, ".ljust(290, "x") + " Jane Roe", acting_user=cs)
    comment(undecided.pk, "Jane Roe asked for it", acting_user=cs)
    revise(undecided.pk, 11, f"{MAIL} wants less", digest=undecided.digest, acting_user=cs)
    other = OfferFactory(account=granted.account, campaign=granted.campaign, cause_key="other")
    reject(other.pk, function=Function.CS, digest=other.digest, note=f"Not for {JANE}", acting_user=cs)
    deliver(granted.pk, note="Told Jane Roe", acting_user=cs)
    decline(granted.pk, note="Jane Roe: no need", acting_user=cs)
    for name, query in (("Jane Roe", "?account=1"), ("Others", "?q=Jane+Roe&sort=due")):
        keep_view(name, query, True, acting_user=cs)


def dump() -> str:
    """Every row of every table as text, in lower case."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        texts = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" t")
            texts.append(cursor.fetchone()[0])
    return "\n".join(texts).lower()


def totals() -> list[Any]:
    refreshed = [f.name for f in AccountFacts._meta.concrete_fields if f.name != "refreshed_at"]
    return [
        list(AccountFacts.objects.order_by("day", "account_id").values_list(*refreshed)),
        list(DailyUsage.objects.order_by("account_id", "day").values_list()),
        list(ContactDay.objects.order_by("account_id", "day", "contact_id").values_list()),
        list(Posting.objects.order_by("pk").values_list()),
        list(Grant.objects.order_by("pk").values_list()),
    ]


def test_a_dump_names_nobody_and_totals_are_equal(jane: Contact, cs: User) -> None:
    before, full = totals(), dump()
    assert [word for word in TELLING if word in full] == list(TELLING)
    seal()
    erase(jane, acting_user=cs)
    assert [word for word in TELLING if word in dump()] == []
    assert check_seals().problems == []
    assert totals() == before
    today = timezone.now().date()
    refresh(None, today - timedelta(days=3), today)
    assert totals() == before


def test_the_answer_to_a_refused_record_names_nobody(refused_consent: Any, jane: Contact, cs: User) -> None:
    (told,) = refused_consent["refused"]
    assert (told["externalId"], JANE in told["reason"]) == (JANE, True)
    erase(jane, acting_user=cs)
    call = HookCall.objects.get()
    (kept,) = call.answer["refused"]
    assert (kept["externalId"], kept["code"]) == ("(erased)", told["code"])
    assert kept["reason"] == told["reason"].replace(JANE, "(erased)")
    assert call.webhook_id == f"erased:{call.pk}"


def test_colleagues_keep_what_is_theirs(jane: Contact, cs: User) -> None:
    erase(jane, acting_user=cs)
    theirs = Event.objects.get(contact__external_id="colleague")
    assert theirs.properties == {"to": "(erased)", "gigabytes": 1.5, "note": "for (erased) ((erased))"}
    assert theirs.message_id == "colleague-2"
    assert [e.properties for e in Event.objects.filter(contact=jane)] == [{"gigabytes": 1.5}] * 2
    assert Account.objects.get().name == "Acme"


def test_the_audit_says_that_somebody_was_erased_but_not_who(jane: Contact, cs: User) -> None:
    erase(jane, acting_user=cs)
    line = AuditLine.objects.get(verb="contact_erased")
    assert (line.actor, line.object_label, line.object_id) == (cs, "a contact of Acme", str(jane.pk))


def test_what_people_typed_stays_without_the_name(
    jane: Contact, cs: User, signed_in_as: Callable[[User], Client]
) -> None:
    told = ("offer_snoozed", "offer_revised", "offer_commented", "offer_rejected", "offer_declined", "view_kept")
    lines = AuditLine.objects.filter(verb__in=told).order_by("pk")
    assert [line.why.split()[0] for line in lines] == ["Jane", "Jane", MAIL, "Not", "Jane", "Jane", "Others:"]
    assert Posting.objects.get(kind="reverse").cause == "Reversal: the customer declined it"
    erase(jane, acting_user=cs)
    said = [line.why for line in lines.all()]
    assert said[1:] == [
        "(erased) asked for it",
        "(erased) wants less",
        "Not for (erased)",
        "(erased): no need",
        "(erased): ?account=1",
        "Others: ?q=(erased)&sort=due",
    ]
    views = [(view.name, view.query) for view in SavedView.objects.order_by("pk")]
    assert views == [(f"View {SavedView.objects.order_by('pk')[0].pk}", "?account=1"), ("Others", "?sort=due")]
    page = signed_in_as(cs).get(f"/audit/{lines[1].pk}/").content.decode()
    assert "(erased) asked for it" in page
    assert "Names were struck out of these words" in page


def test_no_offer_is_addressed_to_them_afterwards(jane: Contact, cs: User) -> None:
    erase(jane, acting_user=cs)
    assert [o.contact_id for o in Offer.objects.filter(cause_key="open")] == [None]
    assert not consents(jane)
    milestone = MilestoneFactory(event_name="Report Shared")
    CampaignFactory(milestone=milestone)
    milestone.reaches.create(account=jane.account, version=1, count=1, reached_at=timezone.now(), fires=True)
    assert evaluate() == 1
    assert Offer.objects.order_by("-pk")[0].contact is None


@pytest.mark.parametrize(
    ("channel", "call"),
    [
        ("identify", {"userId": JANE, "traits": {"email": MAIL}}),
        ("group", {"userId": JANE, "groupId": "acme", "traits": {}}),
        ("track", {"userId": JANE, "event": "Signed In", "context": {"groupId": "acme"}}),
        ("track", {"userId": JANE, "event": "Signed In"}),
        ("track", {"userId": JANE, "event": ""}),
        ("alias", {"previousId": "somebody", "userId": JANE}),
        ("alias", {"previousId": JANE, "userId": "somebody"}),
    ],
)
def test_what_names_them_later_is_refused_and_not_kept(
    channel: str, call: dict[str, Any], jane: Contact, cs: User, send: Callable[..., Any]
) -> None:
    erase(jane, acting_user=cs)
    events, contacts = Event.objects.count(), Contact.objects.count()
    answer = send(channel, messageId=f"late-{JANE}", **call)
    assert (answer.status_code, answer.json()["code"]) == (400, "erased_contact")
    assert (Event.objects.count(), Contact.objects.count()) == (events, contacts)
    item = RefusedItem.objects.order_by("-pk")[0]
    assert (item.code, item.raw, item.message_id) == ("erased_contact", "", "")
    assert JANE not in dump()


@pytest.mark.parametrize("others", [[], [{"type": "identify", "messageId": "i-3", "userId": "colleague"}]])
def test_an_event_whose_id_names_them_counts_once_when_it_comes_again(
    others: list[Any], jane: Contact, cs: User, send: Callable[..., Any]
) -> None:
    shared = {"type": "track", "messageId": f"to-{JANE}", "event": "Shared", "context": {"groupId": "acme"}}
    new = shared | {"messageId": "to-nobody"}
    send("batch", batch=[shared])
    erase(jane, acting_user=cs)
    answer = send("batch", batch=[*others, shared, new]).json()
    assert (answer["accepted"], answer["duplicates"], answer["refused"]) == (len(others) + 1, 1, [])
    assert Event.objects.filter(name="Shared").count() == 2
    assert JANE not in dump()


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("key", {"Batch": [{"type": "identify", "userId": JANE, "traits": {"email": MAIL}}]}, 400),
        ("key", [{"user_id": JANE, "email": MAIL}], 400),
        ("key", f'{{"batch": [{{"userId": "{JANE}", "traits": {{"email": "{MAIL}"', 400),
        ("", {"writeKey": "nobody's", "batch": [{"type": "identify", "userId": JANE, "traits": {"email": MAIL}}]}, 401),
    ],
)
def test_of_a_request_that_names_them_and_is_refused_as_a_whole_nothing_is_kept(
    key: str, body: Any, status: int, jane: Contact, cs: User, client: Client
) -> None:
    erase(jane, acting_user=cs)
    before = RefusedItem.objects.count()
    sent = {"content_type": "application/json", "headers": {"Authorization": basic(key)}}
    assert client.post("/v1/batch", body, **sent).status_code == status
    assert client.post("/v1/batch", json.loads(json.dumps(body).replace(JANE, "bob")), **sent).status_code == status
    of_jane, of_bob = RefusedItem.objects.order_by("pk")[before:]
    assert (of_jane.raw, "bob" in of_bob.raw) == ("", True)
    assert JANE not in dump()


def test_of_a_webhook_that_is_refused_as_a_whole_nothing_is_kept(
    refused_consent: Any, jane: Contact, cs: User, client: Client
) -> None:
    erase(jane, acting_user=cs)
    survey = Source.objects.get(name="Survey")
    body = json.dumps({"type": "no such type", "data": {"contact": JANE, "at": MAIL}}).encode()
    for webhook_id in ("w-1", "w-" * 200):
        headers = signed(body, webhook_id)
        client.post(f"/webhooks/{survey.pk}", body, content_type="application/json", headers=headers)
    assert RefusedItem.objects.filter(raw="", code__startswith="erased").count() == 2
    assert JANE not in dump()


def test_what_waits_for_them_waits_no_more(cs: User, send: Callable[..., Any]) -> None:
    send("identify", messageId="1", userId=JANE)
    assert send("track", messageId="2", userId=JANE, event="Signed In").json()["code"] == "contact_without_account"
    assert RefusedItem.objects.get().waits_for == JANE
    erase(Contact.objects.get(), acting_user=cs)
    assert RefusedItem.objects.get().waits_for == ""
    assert JANE not in dump()


def test_what_colleagues_told_names_nobody(jane: Contact, cs: User, send: Callable[..., Any]) -> None:
    told = {"manager": MAIL, "floor": 3}
    send("identify", messageId="i-3", userId="colleague", traits=told)
    colleague = Contact.objects.get(external_id="colleague")
    QuizAnswer.objects.create(contact=colleague, version=1, goals="Ask Jane Roe", answered_at=timezone.now())
    stranger = ContactFactory(account=AccountFactory(), traits={"manager": "Jane Roe"})
    # She was at another company once, of which only an offer that she was told of is left.
    before = OfferFactory(account=AccountFactory(), informed=jane, evidence={"words": ["Jane Roe did it"]})
    erase(jane, acting_user=cs)
    for row in (colleague, stranger, before):
        row.refresh_from_db()
    assert {name: colleague.traits[name] for name in told} == {"manager": "(erased)", "floor": 3}
    assert ProfileCall.objects.get(message_id="i-3").payload["traits"] == {"manager": "(erased)", "floor": 3}
    assert colleague.quiz_answers.get().goals == "Ask (erased)"
    assert stranger.traits == {"manager": "Jane Roe"}
    assert before.evidence == {"words": ["(erased) did it"]}


def test_every_id_they_had_is_suppressed(cs: User, send: Callable[..., Any]) -> None:
    send("identify", messageId="1", userId="first-id")
    send("alias", messageId="2", previousId="first-id", userId="second-id")
    erase(Contact.objects.get(external_id="second-id"), acting_user=cs)
    assert erased_among(["first-id", "second-id", "third-id"]) == {"first-id", "second-id"}
    assert Suppressed.objects.filter(digest__in=["first-id", "second-id"]).count() == 0


def test_whoever_is_erased_stays_erased(cs: User) -> None:
    contact = ContactFactory(account=AccountFactory())
    erase(contact, acting_user=cs)
    contact.refresh_from_db()
    with pytest.raises(DomainError, match="erased already"):
        erase(contact, acting_user=cs)
    with pytest.raises(DomainError, match="was erased"):
        set_role(contact, ContactRole.CHAMPION, acting_user=cs)


@pytest.mark.parametrize("who", ["finance", "product"])
def test_others_may_not(who: str, request: pytest.FixtureRequest) -> None:
    contact = ContactFactory()
    with pytest.raises(NotAllowed):
        erase(contact, acting_user=request.getfixturevalue(who))
    assert (Contact.objects.get().name, Erasure.objects.count()) == (contact.name, 0)


def test_the_browser_asks_first(administrator: User, signed_in_as: Callable[[User], Client]) -> None:
    contact, client = ContactFactory(), signed_in_as(administrator)
    address = f"/accounts/contacts/{contact.pk}/erase"
    assert "at once and for good" in client.get(address).content.decode()
    assert (client.post(address).status_code, Erasure.objects.count()) == (422, 0)
    client.post(address, {"sure": "on"})
    assert Erasure.objects.get().contact == contact
    page = client.get(f"/accounts/contacts/{contact.pk}/").content.decode()
    assert "This contact was erased" in page
    assert contact.name not in client.get(f"/accounts/{contact.account_id}/").content.decode()


def test_the_export_has_every_table(jane: Contact, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    response = signed_in_as(cs).get(f"/accounts/contacts/{jane.pk}/export")
    held = json.loads(b"".join(response))
    assert {name: len(rows) for name, rows in held.items() if name != "contact"} == {
        "consent": 1,
        "quiz_answers": 1,
        "feedback": 1,
        "profile_calls": 4,
        "events": 2,
        "days_of_use": 2,
        "refused": 2,
        "refused_rows": 1,
        "answers_to_senders": 1,
        "audit": 2,
        "offers": 2,
        "said_of_offers": 16,
        "tax": 0,
    }
    assert held["contact"]["email"] == MAIL
    assert response["Content-Disposition"] == f'attachment; filename="contact-{jane.pk}.json"'
    line = AuditLine.objects.get(verb="exported")
    assert line.object_label == "what is held on a contact of Acme"
