"""The list of the queue: views, order with its reason, filters in the URL, kept views, several offers at once."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from loyalty.core.absence.models import Delegation
from loyalty.core.absence.seats import company_day
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.counting import view_counts
from rewards.approvals.listing import VIEWS, in_view
from rewards.approvals.models import SavedView
from rewards.caps.verbs import ReserveRequest, reserve
from rewards.ledger.models import Posting
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OfferState
from tests.factories import AccountFactory, CampaignFactory, CapFactory, OfferFactory, RewardFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def shown(client: Client, **query: object) -> list[str]:
    page = client.get(reverse("offers"), query).context
    return [row.account.name for row, _ in page["rows"]]


def named(name: str, **changes: object) -> Offer:
    return OfferFactory(account=AccountFactory(name=name), **changes)


def chosen(*offers: Offer, action: str = "approve", **more: object) -> dict[str, object]:
    return {"action": action, "back": "?view=mine", "chosen": [f"{o.pk}:{o.digest}" for o in offers]} | more


def test_it_opens_on_my_book_if_anything_waits_there(signed_in_as: SignIn, cs: User, cs_colleague: User) -> None:
    named("Mine", assigned_to=cs)
    named("Hers", assigned_to=cs_colleague)
    named("Nobodys")
    assert shown(signed_in_as(cs)) == ["Mine"]
    assert set(shown(signed_in_as(cs), view="mine")) == {"Mine", "Hers", "Nobodys"}
    page = signed_in_as(cs).get(reverse("offers")).content.decode()
    assert "1 offer in your book is undecided, worth $300.00." in page


def test_a_stand_in_sees_what_waits_for_who_is_away(signed_in_as: SignIn, cs: User, product: User) -> None:
    named("Waits for CS")
    assert shown(signed_in_as(product), view="mine") == []
    today = company_day()
    Delegation.objects.create(delegator=cs, delegate=product, starts_on=today, ends_on=today)
    assert shown(signed_in_as(product), view="mine") == ["Waits for CS"]


def test_recommended_first_with_the_reason(signed_in_as: SignIn, cs: User) -> None:
    named("Small", at_stake=Decimal(10))
    named("Unknown")
    leaving = {"arr": "84000.00", "health": "leaving"}
    named("Large", at_stake=Decimal(84000), stake=leaving)
    client = signed_in_as(cs)
    assert shown(client) == ["Large", "Small", "Unknown"]
    assert "$84,000.00 ARR, asked to cancel" in client.get(reverse("offers")).content.decode()
    assert shown(client, sort="newest") == ["Large", "Unknown", "Small"]


def test_filters_stand_in_the_url(signed_in_as: SignIn, cs: User) -> None:
    now = timezone.now()
    other = CampaignFactory(reward=RewardFactory(kind="beta_access", is_credit=False, name="Beta"))
    named("Northwind", due_at=now + timedelta(minutes=1), stake={"health": "poor"})
    named("Contoso", campaign=other, due_at=now + timedelta(days=9))
    client = signed_in_as(cs)
    assert shown(client, q="north") == ["Northwind"]
    assert shown(client, campaign=other.pk) == ["Contoso"]
    assert shown(client, kind="beta_access") == ["Contoso"]
    assert shown(client, health="poor") == ["Northwind"]
    assert shown(client, due="today") == ["Northwind"]
    assert shown(client, health="nonsense", campaign="x", sort="y", view="z", q="\0") == ["Northwind", "Contoso"]
    assert shown(client, q="nobody") == []
    assert "No offer matches" in client.get(reverse("offers"), {"q": "nobody"}).content.decode()


def test_snoozed_offers_are_out_of_sight_until_their_day(signed_in_as: SignIn, cs: User) -> None:
    named("Later", snoozed_until=company_day() + timedelta(1), snooze_reason="Budget")
    named("Woke today", snoozed_until=company_day())
    client = signed_in_as(cs)
    assert shown(client, view="mine") == shown(client, view="open") == ["Woke today"]
    assert shown(client, view="snoozed") == ["Later"]


def test_each_view_counts_what_it_lists(cs: User, administrator: User) -> None:
    for state, days, whose in itertools.product(OfferState, (None, 0, 1), (cs, None)):
        closed = None if state in (OfferState.PROPOSED, OfferState.IN_APPROVAL) else timezone.now()
        awaits = ["finance"] if days is None and whose is None else ["cs"]
        until = None if days is None else company_day() + timedelta(days)
        offer = OfferFactory(state=state.value, assigned_to=whose, snoozed_until=until)
        Offer.objects.filter(pk=offer.pk).update(awaits=awaits, closed_at=closed)
    for user in (cs, administrator):
        assert view_counts(user) == {view: in_view(view, user).count() for view in VIEWS}
    assert view_counts(cs) == {"book": 2, "mine": 3, "open": 4, "snoozed": 2, "granted": 24, "closed": 30}
    assert view_counts(administrator)["mine"] == 0


def test_as_many_statements_for_many_rows_as_for_one(signed_in_as: SignIn, cs: User) -> None:
    client, counted = signed_in_as(cs), []
    for rows in (1, 12):
        OfferFactory.create_batch(rows, assigned_to=cs)
        client.get(reverse("offers"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("offers"))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_count_beyond_a_thousand_says_so(signed_in_as: SignIn, cs: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewards.approvals.listing.COUNTED_TO", 2)
    OfferFactory.create_batch(3)
    page = signed_in_as(cs).get(reverse("offers"), {"view": "open"})
    chips = {chip.label: (chip.count, chip.is_more) for chip in page.context["chips"]}
    assert chips["All"] == (2, True)
    assert chips["Snoozed"] == (0, False)
    assert '<span class="chip-count">2+</span>' in page.content.decode()


def test_live_counts_come_without_the_list(signed_in_as: SignIn, cs: User) -> None:
    OfferFactory(assigned_to=cs)
    page = signed_in_as(cs).get(reverse("offers-counts"), {"view": "book"}).content.decode()
    assert 'id="queue-summary" hx-swap-oob="true">1 offer in your book' in page
    assert "<table" not in page


def test_a_view_is_kept_shared_and_removed(signed_in_as: SignIn, cs: User, finance: User) -> None:
    mine, fays = signed_in_as(cs), signed_in_as(finance)
    kept = mine.post(reverse("offers-view-keep"), {"name": "Due", "query": "?view=mine&due=today", "is_shared": "on"})
    assert kept["Location"] == reverse("offers") + "?view=mine&due=today"
    mine.post(reverse("offers-view-keep"), {"name": "Own", "query": "?view=book"})
    assert [view.label for view in mine.get(reverse("offers")).context["saved_views"]] == ["Due", "Own"]
    assert [view.label for view in fays.get(reverse("offers")).context["saved_views"]] == ["Due (Cleo Martin)"]
    again = mine.post(reverse("offers-view-keep"), {"name": "Due", "query": "?view=open"}, follow=True)
    assert "You keep a view called “Due” already." in again.content.decode()
    view = SavedView.objects.get(name="Due")
    assert fays.post(reverse("offers-view-remove", args=[view.pk])).status_code == 403
    assert mine.post(reverse("offers-view-remove", args=[view.pk])).status_code == 302
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Own"]
    assert set(AuditLine.objects.filter(object_type="view").values_list("verb", flat=True)) == {
        "view_kept",
        "view_removed",
    }


def test_an_address_elsewhere_is_no_view(signed_in_as: SignIn, cs: User) -> None:
    signed_in_as(cs).post(reverse("offers-view-keep"), {"name": "Out", "query": "https://example.com/"})
    assert SavedView.objects.count() == 0


def test_the_summary_of_many_tells_value_and_cap_room_and_does_nothing(signed_in_as: SignIn, cs: User) -> None:
    CapFactory()
    granted, passed, finances = (
        OfferFactory(functions=[Function.CS]),
        OfferFactory(),
        OfferFactory(functions=[Function.FINANCE]),
    )
    own = OfferFactory(proposed_by=cs)
    reserve(
        [
            ReserveRequest(o.pk, o.account_id, o.campaign_id, "cs", o.reward.kind, Decimal(300), o.proposed_at.date())
            for o in (granted, passed)
        ]
    )
    answer = signed_in_as(cs).post(
        reverse("offers-choose"), chosen(granted, passed, finances, own), headers={"HX-Request": "true"}
    )
    page = " ".join(answer.content.decode().split())
    assert "Approve 4 offers, worth $1,200.00?" in page
    assert "<strong>Granted at once:</strong> 1 offer, worth $300.00." in page
    assert "<strong>Passed on to Finance:</strong> 1 offer, worth $300.00." in page
    assert "<strong>1 stays:</strong> Waits for Finance" in page
    assert "<strong>1 stays:</strong> Nobody decides their own proposal." in page
    assert "$600.00 held by these; $400.00 of $1,000.00 left beside" in page
    assert "<html" not in page
    assert Grant.objects.count() == 0
    assert {o.awaits[0] for o in Offer.objects.all()} == {"cs", "finance"}


def test_many_are_decided_and_each_that_is_not_says_why(signed_in_as: SignIn, cs: User) -> None:
    offers = [OfferFactory(functions=[Function.CS]), OfferFactory(), OfferFactory(functions=[Function.FINANCE])]
    answer = signed_in_as(cs).post(reverse("offers-decide"), chosen(*offers), headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "2 offers approved: 1 granted; 1 passed on." in page
    assert "Nothing of it waits for you." in page
    for moved in ('id="queue-list" hx-swap-oob="true"', 'id="queue-summary"', 'id="queue-chips"', 'id="count-offers"'):
        assert moved in page
    assert (Grant.objects.count(), Posting.objects.count()) == (1, 1)
    assert [Offer.objects.get(pk=o.pk).awaits for o in offers] == [[], ["finance"], ["finance"]]


def test_many_are_decided_in_as_many_statements_as_two(cs: User, signed_in_as: SignIn) -> None:
    client, counted = signed_in_as(cs), []
    for count in (2, 12):
        offers = OfferFactory.create_batch(count, functions=[Function.CS])
        with CaptureQueriesContext(connection) as queries:
            client.post(reverse("offers-decide"), chosen(*offers))
        counted.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert Grant.objects.count() == 14
    # Each looks anew whether the person still has the seat; all else is done at once.
    assert counted[1] - counted[0] <= 10 * 2


def test_a_rejection_of_many_needs_its_reason(signed_in_as: SignIn, cs: User) -> None:
    offers = OfferFactory.create_batch(2)
    client = signed_in_as(cs)
    refused = client.post(reverse("offers-decide"), chosen(*offers, action="reject"))
    assert refused.status_code == 422
    assert "Say why, so that the campaign’s owner can learn from it." in refused.content.decode()
    client.post(reverse("offers-decide"), chosen(*offers, action="reject", note="They are leaving"))
    assert set(Offer.objects.values_list("state", flat=True)) == {"rejected"}


def test_changed_terms_are_not_decided_among_many(signed_in_as: SignIn, cs: User) -> None:
    one, other = OfferFactory.create_batch(2)
    data = chosen(one, other)
    Offer.objects.filter(pk=other.pk).update(digest="0" * 64)
    page = signed_in_as(cs).post(reverse("offers-decide"), data, follow=True).content.decode()
    assert "1 offer not: The terms of this offer changed while you were looking." in page
    other.refresh_from_db()
    assert other.awaits == ["cs"]


def test_many_are_snoozed_and_reassigned(signed_in_as: SignIn, cs: User, cs_colleague: User) -> None:
    offers, client = OfferFactory.create_batch(2), signed_in_as(cs)
    until = (company_day() + timedelta(5)).isoformat()
    client.post(reverse("offers-decide"), chosen(*offers, action="snooze", until=until, reason="Budget"))
    assert {str(o.snoozed_until) for o in Offer.objects.all()} == {until}
    client.post(reverse("offers-decide"), chosen(*offers, action="wake"))
    assert {o.snoozed_until for o in Offer.objects.all()} == {None}
    client.post(reverse("offers-decide"), chosen(*offers, action="reassign", person=cs_colleague.pk))
    assert {o.assigned_to for o in Offer.objects.all()} == {cs_colleague}
    wrong = client.post(reverse("offers-decide"), chosen(*offers, action="snooze", until="2001-01-01", reason="x"))
    assert wrong.status_code == 409
    assert "Snooze until a day between" in wrong.content.decode()


@pytest.mark.parametrize("texts", [[], ["x"], ["1"], ["1:00"], [f"{n}:{'0' * 64}" for n in range(1, 202)]])
def test_what_nobody_chose_is_nothing(texts: list[str], signed_in_as: SignIn, cs: User) -> None:
    client = signed_in_as(cs)
    for address in ("offers-choose", "offers-decide"):
        data = {"action": "approve", "back": "//example.com", "chosen": texts}
        answer = client.post(reverse(address), data)
        assert answer["Location"] == reverse("offers")
        assert client.post(reverse(address), data, headers={"HX-Request": "true"}).status_code == 204


def test_what_is_done_beside_the_list(signed_in_as: SignIn, cs: User, cs_colleague: User) -> None:
    offer, client = OfferFactory(), signed_in_as(cs)

    def post(name: str, **data: object) -> tuple[int, str]:
        answer = client.post(reverse(name, args=[offer.pk]), data, headers={"HX-Request": "true"})
        offer.refresh_from_db()
        return answer.status_code, answer.content.decode()

    assert post("offer-comment", text="Ask <Ada> first")[0] == 200
    assert "Ask &lt;Ada&gt; first" in post("offer-comment", text=" ")[1]
    status, page = post("offer-snooze", until="", reason="")
    assert (status, page.count('aria-invalid="true"')) == (422, 2)
    assert post("offer-snooze", until=(company_day() + timedelta(2)).isoformat(), reason="Away")[0] == 200
    assert "Snoozed until" in post("offer-comment", text="so")[1]
    assert post("offer-wake")[0] == 200
    assert offer.snoozed_until is None
    status, page = post("offer-wake")
    assert (status, "is not put aside" in page) == (409, True)
    Offer.objects.filter(pk=offer.pk).update(snoozed_until=company_day(), snooze_reason="Away")
    assert "Put it back in the queue" not in post("offer-comment", text="It is back by itself")[1]
    assert post("offer-reassign", person=cs_colleague.pk)[0] == 200
    assert offer.assigned_to == cs_colleague
    assert post("offer-revise", digest=offer.digest, validity_days=30, reason="Short")[0] == 200
    assert (offer.validity_days, offer.revisions.count()) == (30, 1)
    assert post("offer-undo")[0] == 409


def test_an_approval_that_was_passed_on_can_be_taken_back(signed_in_as: SignIn, cs: User) -> None:
    offer, client = OfferFactory(), signed_in_as(cs)
    data = {"decision": "approve", "function": Function.CS.value, "digest": offer.digest}
    page = client.post(reverse("offer-decide", args=[offer.pk]), data, headers={"HX-Request": "true"}).content.decode()
    assert 'data-key="u"' in page
    client.post(reverse("offer-undo", args=[offer.pk]))
    offer.refresh_from_db()
    assert offer.awaits == ["cs"]
    assert 'data-key="u"' not in client.get(reverse("offer", args=[offer.pk])).content.decode()


def test_everything_beside_an_offer(signed_in_as: SignIn, cs: User) -> None:
    account = AccountFactory()
    OfferFactory(account=account, reward_name="A badge", state="rejected", closed_at=timezone.now())
    offer = OfferFactory(account=account)
    page = signed_in_as(cs).get(reverse("offer", args=[offer.pk])).content.decode()
    for told in (
        "ARR unknown, health unknown",
        "No facts of this account have been worked out yet.",
        "Its contract is not known, so no rule speaks of it.",
        "The campaign holds nobody out.",
        "A badge",
        "No cap binds this offer.",
    ):
        assert told in page
