"""Inviting, seats, leaving and coming back: administrators do it, and nobody gives themselves a right."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes import verbs as changes
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people import managing
from loyalty.core.people.managing import Standing
from loyalty.core.people.models import Membership, SignedIn, User
from loyalty.core.people.permissions import is_member
from loyalty.core.people.rules import Function
from tests.concurrency import at_once
from tests.factories import AccountFactory, MilestoneFactory, OfferFactory, PersonFactory
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "an entirely different secret"
F = Function
SignIn = Callable[[User], Client]


def sign_in(client: Client, username: str, password: str) -> bool:
    return client.post("/sign-in/", {"username": username, "password": password}).status_code == 302


def seats(person: User) -> dict[str, bool]:
    return dict(Membership.objects.filter(user=person).values_list("function", "is_lead"))


def invite(administrator: User, **more: object) -> User:
    standing = Standing("Nia Obi", "nia@example.com", {F.CS: True, F.PRODUCT: False}, **more)  # type: ignore[arg-type]
    return managing.invite("nia", standing, acting_user=administrator)


def test_an_invitation_from_link_to_sign_in(administrator: User, signed_in_as: SignIn, stranger: Client) -> None:
    admin = signed_in_as(administrator)
    form = {"name": "Nia Obi", "username": "nia", "email": "nia@example.com", "cs": "lead", "product": "member"}
    page = admin.post("/settings/people/invite/", form, follow=True)
    link = page.context["link"]
    path = urlsplit(link).path
    nia = User.objects.get(username="nia")
    assert seats(nia) == {"cs": True, "product": False}
    assert link not in admin.get(f"/settings/people/{nia.pk}/").content.decode()
    assert not sign_in(stranger, "nia", "")
    assert "Welcome, Nia Obi" in stranger.get(path).content.decode()
    assert stranger.post(path, {"new": NEW, "again": "another"}).status_code == 422
    assert stranger.post(path, {"new": "short", "again": "short"}).status_code == 422
    assert stranger.post(path, {"new": NEW, "again": NEW})["Location"] == "/sign-in/"
    assert sign_in(stranger, "nia", NEW)
    assert (
        stranger.get(path).status_code == stranger.post(path, {"new": PASSWORD, "again": PASSWORD}).status_code == 404
    )
    assert [line.verb for line in AuditLine.objects.order_by("id")] == [
        "person_invited",
        "person_link_made",
        "password_set",
        "signed_in",
    ]
    everything = str(list(AuditLine.objects.values()))
    assert NEW not in everything
    assert path not in everything


def test_a_link_holds_for_three_days_and_for_one_person(administrator: User, stranger: Client) -> None:
    nia, other = invite(administrator), PersonFactory()
    path = managing.link_for(nia.pk, acting_user=administrator)
    uid, token = path.strip("/").split("/")[1:]
    assert managing.person_behind(uid, token) == nia
    assert managing.person_behind(uid, token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    other_uid = managing.link_for(other.pk, acting_user=administrator).strip("/").split("/")[1]
    assert managing.person_behind(other_uid, token) is None
    assert managing.person_behind("!!", token) is managing.person_behind("OTk5OTk5OTk5OTk5OTk5OTk5OTk5", token) is None
    with travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert stranger.get(path).status_code == 404
    managing.deactivate(nia.pk, None, "Left", acting_user=administrator)
    assert managing.person_behind(uid, token) is None


@pytest.mark.parametrize("who", ["finance", "product", "cs"])
def test_only_administrators_manage_people(who: str, request: pytest.FixtureRequest, signed_in_as: SignIn) -> None:
    user, person = request.getfixturevalue(who), PersonFactory()
    for attempt in (
        lambda: managing.invite("nia", Standing("Nia"), acting_user=user),
        lambda: managing.change_person(user.pk, Standing("N", is_administrator=True), acting_user=user),
        lambda: managing.deactivate(person.pk, None, "x", acting_user=user),
        lambda: managing.reactivate(person.pk, acting_user=user),
        lambda: managing.link_for(person.pk, acting_user=user),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    client = signed_in_as(user)
    for path in (f"{person.pk}/", f"{person.pk}/deactivate", f"{person.pk}/link", "invite/"):
        assert client.post(f"/settings/people/{path}", {"name": "N", "reason": "x"}).status_code == 403
    assert (User.objects.count(), AuditLine.objects.count()) == (2, 0)


def test_seats_are_set_and_hold_at_once(administrator: User, cs: User) -> None:
    managing.change_person(cs.pk, Standing("Cleo Martin", "", {F.FINANCE: True}), acting_user=administrator)
    assert seats(cs) == {"finance": True}
    assert (is_member(cs, F.CS), is_member(cs, F.FINANCE)) == (False, True)
    line = AuditLine.objects.get()
    assert (line.before, line.after) == (
        {"functions": ["Customer Success"], "leads": []},
        {"functions": ["Finance"], "leads": ["Finance"]},
    )
    managing.change_person(cs.pk, Standing("Cleo Martin", "", {F.FINANCE: True}), acting_user=administrator)
    assert AuditLine.objects.count() == 1


def test_a_seat_that_stays_keeps_its_row(administrator: User, cs: User) -> None:
    kept = Membership.objects.get(user=cs)
    managing.change_person(cs.pk, Standing("Cleo", "", {F.CS: True, F.PRODUCT: False}), acting_user=administrator)
    assert Membership.objects.get(user=cs, function="cs").pk == kept.pk


@pytest.mark.parametrize("standing", [Standing("Ada", "", {F.FINANCE: False}, True), Standing("Ada", "", {}, False)])
def test_nobody_gives_themselves_a_right(administrator: User, standing: Standing) -> None:
    PersonFactory(is_administrator=True)
    with pytest.raises(NotAllowed, match="Another administrator"):
        managing.change_person(administrator.pk, standing, acting_user=administrator)
    with pytest.raises(NotAllowed, match="for good"):
        managing.deactivate(administrator.pk, None, "x", acting_user=administrator)
    assert seats(administrator) == {}
    managing.change_person(administrator.pk, Standing("Ada Lovelace", "", {}, True), acting_user=administrator)
    administrator.refresh_from_db()
    assert administrator.display_name == "Ada Lovelace"


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_let_each_other_go_at_once_leave_one() -> None:
    one, two = PersonFactory(is_administrator=True), PersonFactory(is_administrator=True)

    told = at_once(
        [
            lambda: managing.deactivate(two.pk, None, "x", acting_user=one),
            lambda: managing.deactivate(one.pk, None, "x", acting_user=two),
        ]
    )
    assert sum(isinstance(outcome, DomainError) for outcome in told) == 1
    assert User.objects.filter(is_active=True, is_administrator=True).count() == 1


def test_who_leaves_is_outside_at_once_and_their_drafts_are_withdrawn(
    administrator: User, cs: User, product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    change = changes.propose_or_apply("milestone", MilestoneFactory().pk, {"count": 2}, "Two", acting_user=product)
    assert change is not None
    changes.approve(change.pk, digest=change.digest, acting_user=product_colleague)
    draft = changes.restore(change.pk, "Back", acting_user=cs)
    account = AccountFactory(cs_manager=cs)
    offer = OfferFactory(account=account, assigned_to=cs)
    decided = OfferFactory(state="approved", assigned_to=cs)
    cleo, fresh = Client(), Client()
    assert sign_in(cleo, cs.username, PASSWORD)
    form = {"hand_over_to": str(product.pk), "reason": "Left the company"}
    page = signed_in_as(administrator).post(f"/settings/people/{cs.pk}/deactivate", form, follow=True)
    told = "Handed over, drafts of changes withdrawn: 1; accounts of their book: 1; undecided offers: 1."
    assert told in page.content.decode()
    for kept in (account, offer, decided):
        kept.refresh_from_db()
    assert (account.cs_manager, offer.assigned_to, decided.assigned_to) == (product, product, cs)
    assert cleo.get("/changes/").status_code == 302
    assert not sign_in(fresh, cs.username, PASSWORD)
    assert not SignedIn.objects.filter(person=cs).exists()
    assert ChangeRequest.objects.get(pk=draft.pk).state == "withdrawn"
    line = AuditLine.objects.filter(verb="person_changed").get()
    assert (line.reason, line.after["handed over to"]) == ("Left the company", "Priya Shah")
    managing.reactivate(cs.pk, acting_user=administrator)
    assert sign_in(fresh, cs.username, PASSWORD)
    assert seats(cs) == {"cs": False}


def test_a_person_sees_where_they_are_signed_in_and_ends_the_others(finance: User) -> None:
    here = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0 <b>"})
    there = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
    assert sign_in(here, "fay", PASSWORD)
    assert sign_in(there, "fay", PASSWORD)
    page = here.get("/settings/").content.decode()
    assert ("Firefox on Linux" in page, "Safari on iPhone" in page, "Mozilla" in page) == (True, True, False)
    assert "Signed out in 1 other place." in here.post("/settings/sign-out-elsewhere", follow=True).content.decode()
    assert (here.get("/caps/").status_code, there.get("/caps/").status_code) == (200, 302)
    assert AuditLine.objects.filter(verb="signed_out").get().after == {"elsewhere": 1}
    here.post("/sign-out/")
    assert (SignedIn.objects.count(), Session.objects.count()) == (0, 0)


def test_a_new_password_needs_the_old_one_and_signs_out_elsewhere(finance: User) -> None:
    here, there = Client(), Client()
    assert sign_in(here, "fay", PASSWORD)
    assert sign_in(there, "fay", PASSWORD)
    for form in (
        {"old": "wrong", "new": NEW, "again": NEW},
        {"old": PASSWORD, "new": NEW, "again": PASSWORD},
        {"old": PASSWORD, "new": "fay okafor", "again": "fay okafor"},
    ):
        assert here.post("/settings/", form).status_code == 422
    assert here.post("/settings/", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert (here.get("/caps/").status_code, there.get("/caps/").status_code) == (200, 302)
    assert (sign_in(there, "fay", PASSWORD), sign_in(there, "fay", NEW)) == (False, True)


def test_where_a_password_was_changed_is_listed_and_ended_from_elsewhere(finance: User) -> None:
    office = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}, REMOTE_ADDR="192.0.2.7")
    home = Client()
    assert sign_in(office, "fay", PASSWORD)
    assert office.post("/settings/", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert "This one" in office.get("/settings/").content.decode()
    noted = SignedIn.objects.get()
    assert (noted.person, noted.address, noted.browser_in_words) == (finance, "192.0.2.7", "Firefox on Linux")
    assert sign_in(home, "fay", NEW)
    assert "Signed out in 1 other place." in home.post("/settings/sign-out-elsewhere", follow=True).content.decode()
    assert (home.get("/caps/").status_code, office.get("/caps/").status_code) == (200, 302)


def test_everybody_sees_who_is_there(cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    assert "Cleo Martin" in client.get("/settings/people/").content.decode()
    body = b"".join(client.get("/settings/people/?format=csv").streaming_content).decode()
    assert "Cleo Martin,cleo,Customer Success,,yes," in body
    page = client.get(f"/settings/people/{cs.pk}/").content.decode()
    assert ("Administrators set it." in page, '<form class="stack"' in page) == (True, False)
