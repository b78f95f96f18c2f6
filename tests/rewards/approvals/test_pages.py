"""The queue in the browser's words: requests in, pages and statuses out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function
from rewards.offers.models import Grant, Offer
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def post(client: Client, offer: Offer, **changes: str) -> tuple[int, str]:
    """Decide as a browser without JavaScript would; status and text of where it ends."""
    data = {"decision": "approve", "function": "cs", "digest": offer.digest, "note": ""} | changes
    answer = client.post(reverse("offer-decide", args=[offer.pk]), data, follow=True)
    return answer.status_code, answer.content.decode()


def test_my_view_shows_what_waits_for_my_function(signed_in_as: SignIn, cs: User, finance: User) -> None:
    for_cs = OfferFactory(account=AccountFactory(name="Waits for CS Ltd"))
    OfferFactory(account=AccountFactory(name="Waits for Finance Ltd"), functions=[Function.FINANCE])
    page = signed_in_as(cs).get(reverse("offers")).content.decode()
    assert for_cs.account.name in page
    assert "Waits for Finance Ltd" not in page
    assert "1 offer waits for you, worth $300.00." in page
    assert "Waits for Finance Ltd" in signed_in_as(finance).get(reverse("offers")).content.decode()


def test_due_today_is_said(signed_in_as: SignIn, cs: User) -> None:
    OfferFactory(due_at=timezone.now() - timedelta(minutes=1))
    OfferFactory(due_at=timezone.now() + timedelta(days=5))
    page = signed_in_as(cs).get(reverse("offers")).content.decode()
    assert "2 offers wait for you, worth $600.00. 1 is due today." in page


def test_an_empty_queue_says_what_comes_next(signed_in_as: SignIn, cs: User) -> None:
    page = signed_in_as(cs).get(reverse("offers")).content.decode()
    assert "Nothing waits for you" in page
    assert "See all open offers" in page


def test_approving_without_javascript(signed_in_as: SignIn, cs: User) -> None:
    offer = OfferFactory()
    status, page = post(signed_in_as(cs), offer)
    assert status == 200
    assert "Waits for Finance" in page
    offer.refresh_from_db()
    assert offer.awaits == ["finance"]


def test_approving_with_htmx_moves_row_sums_and_counts(signed_in_as: SignIn, cs: User) -> None:
    offer = OfferFactory()
    answer = signed_in_as(cs).post(
        reverse("offer-decide", args=[offer.pk]),
        {"decision": "approve", "function": "cs", "digest": offer.digest},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/offers/?view=mine"},
    )
    page = answer.content.decode()
    assert "Approved. It now waits for Finance." in answer["HX-Trigger"]
    assert "<html" not in page
    for moved in (f'id="offer-status-{offer.pk}" hx-swap-oob="true"', 'id="queue-summary"', 'id="count-offers"'):
        assert moved in page
    assert "Nothing waits for you." in page


@pytest.mark.parametrize("role", ["finance", "product", "administrator"])
def test_a_direct_post_by_another_function_is_refused_and_told(
    role: str, request: pytest.FixtureRequest, signed_in_as: SignIn
) -> None:
    offer = OfferFactory()
    status, page = post(signed_in_as(request.getfixturevalue(role)), offer)
    assert status == 403
    assert "This belongs to Customer Success." in page
    assert AuditLine.objects.filter(verb="refused", object_id=str(offer.pk)).count() == 1
    offer.refresh_from_db()
    assert (offer.state, offer.awaits, Grant.objects.count()) == ("in_approval", ["cs"], 0)


def test_a_rejection_needs_its_reason(signed_in_as: SignIn, cs: User) -> None:
    offer = OfferFactory()
    status, page = post(signed_in_as(cs), offer, decision="reject")
    assert status == 422
    assert "Say why, so that the campaign’s owner can learn from it." in page
    offer.refresh_from_db()
    assert offer.state == "in_approval"


def test_a_second_click_is_a_conflict_that_names_the_first(signed_in_as: SignIn, cs: User, cs_colleague: User) -> None:
    offer = OfferFactory()
    post(signed_in_as(cs), offer)
    status, page = post(signed_in_as(cs_colleague), offer)
    assert status == 409
    assert "Cleo Martin approved this for Customer Success" in page


def test_the_list_as_csv(signed_in_as: SignIn, cs: User) -> None:
    offer = OfferFactory(account=AccountFactory(name="=cmd()"))
    answer = signed_in_as(cs).get(reverse("offers"), {"format": "csv"})
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0].startswith("offer,account,reward")
    assert lines[1].startswith(f"{offer.pk},'=cmd(),")


def test_pages_of_the_queue_neither_lose_nor_repeat_an_offer(signed_in_as: SignIn, cs: User) -> None:
    due = timezone.now() + timedelta(days=2)
    made = {offer.pk for offer in OfferFactory.create_batch(120, due_at=due)}
    client, seen, url = signed_in_as(cs), [], reverse("offers")
    while url:
        page = client.get(url).context["page"]
        seen += [offer.pk for offer in page.rows]
        url = page.next_url and reverse("offers") + page.next_url
    assert len(seen) == 120
    assert set(seen) == made


@pytest.mark.parametrize("position", ["", "x", "W10=", "bm9uc2Vuc2U="], ids=["empty", "no base64", "[]", "words"])
def test_a_position_that_cannot_be_read_is_the_first_page(position: str, signed_in_as: SignIn, cs: User) -> None:
    offer = OfferFactory()
    page = signed_in_as(cs).get(reverse("offers"), {"after": position}).context["page"]
    assert [row.pk for row in page.rows] == [offer.pk]


def test_who_was_moved_in_mid_session_is_refused_on_the_next_request(signed_in_as: SignIn, cs: User) -> None:
    offer, client = OfferFactory(), signed_in_as(cs)
    assert client.get(reverse("offer", args=[offer.pk])).context["turn"].function == "cs"
    Membership.objects.filter(user=cs).update(function="product")
    assert client.get(reverse("offer", args=[offer.pk])).context["turn"].function is None
    status, page = post(client, offer)
    assert (status, "This belongs to Customer Success." in page) == (403, True)
    offer.refresh_from_db()
    assert (offer.state, offer.awaits) == ("in_approval", ["cs"])


def test_who_was_deactivated_in_mid_session_is_signed_out_on_the_next_request(signed_in_as: SignIn, cs: User) -> None:
    offer, client = OfferFactory(), signed_in_as(cs)
    assert client.get(reverse("offers")).status_code == 200
    User.objects.filter(pk=cs.pk).update(is_active=False)
    data = {"decision": "approve", "function": "cs", "digest": offer.digest}
    answer = client.post(reverse("offer-decide", args=[offer.pk]), data)
    assert answer["Location"].startswith(reverse("sign-in"))
    offer.refresh_from_db()
    assert (offer.state, offer.awaits) == ("in_approval", ["cs"])
