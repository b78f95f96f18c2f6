"""Decisions that are taken back, one or those that were made together, with what they had given back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import StepState
from rewards.approvals.undoing import undo, undo_all, undoable_together
from rewards.approvals.verbs import Ask, approve, decide_all, reject
from rewards.caps.models import CapEntry, CapPeriod
from rewards.caps.verbs import reserve
from rewards.ledger.models import Posting
from rewards.ledger.reconciliation import check
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import UNDO_WINDOW
from tests.factories import CapFactory, OfferFactory
from tests.rewards.approvals.test_revising import states
from tests.rewards.caps.test_verbs import asked

pytestmark = pytest.mark.django_db
F = Function
SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def test_an_approval_is_taken_back(cs: User) -> None:
    offer = OfferFactory()
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    undone = undo(offer.pk, acting_user=cs)
    assert (undone.awaits, states(offer)[0]) == (["cs"], ("cs", "waiting", None, ""))
    assert AuditLine.objects.get(verb="offer_undone").actor == cs
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)


def test_not_after_a_minute_not_somebody_elses_and_not_once_money_moved(
    cs: User, cs_colleague: User, finance: User
) -> None:
    offer = OfferFactory()
    with pytest.raises(DomainError, match="Nothing of this offer was decided"):
        undo(offer.pk, acting_user=cs)
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    with pytest.raises(NotAllowed, match="Only who decided last"):
        undo(offer.pk, acting_user=cs_colleague)
    offer.steps.filter(function="cs").update(decided_at=timezone.now() - UNDO_WINDOW - timedelta(seconds=1))
    with pytest.raises(DomainError, match="too late"):
        undo(offer.pk, acting_user=cs)
    approve(offer.pk, function=F.FINANCE, digest=offer.digest, acting_user=finance)
    with pytest.raises(DomainError, match="is approved"):
        undo(offer.pk, acting_user=finance)
    assert (Grant.objects.count(), Posting.objects.count()) == (1, 1)


def capped(offer: Offer, limit: str = "300.00", **fields: object) -> CapPeriod:
    """A cap on everything in which the offer holds its room already."""
    cap = CapFactory(limit=Decimal(limit), **fields)
    assert reserve([asked(offer, str(offer.discount_equivalent), offer.proposed_at.date())])[offer.pk].ok
    return CapPeriod.objects.get(cap=cap)


def used(period: CapPeriod) -> tuple[Decimal, Decimal]:
    period.refresh_from_db()
    return period.reserved, period.spent


def test_a_rejection_is_taken_back_with_its_room(cs: User, finance: User) -> None:
    offer = OfferFactory(functions=[F.CS, F.FINANCE])
    period, value = capped(offer), offer.discount_equivalent
    for _ in range(2):
        reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
        assert used(period) == (0, 0)
        undone = undo(offer.pk, acting_user=cs)
        undone.refresh_from_db()
        assert (undone.state, undone.awaits, undone.closed_at) == ("in_approval", ["cs"], None)
        assert states(offer) == [("cs", "waiting", None, ""), ("finance", "waiting", None, "")]
        assert used(period) == (value, 0)
    line = AuditLine.objects.filter(verb="offer_undone").latest("id")
    assert (line.before, line.after) == (
        {"step": "Customer Success rejected"},
        {"step": "Customer Success waiting"},
    )
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    approve(offer.pk, function=F.FINANCE, digest=offer.digest, acting_user=finance)
    assert Grant.objects.get().offer == offer
    assert used(period) == (0, value)
    assert check().problems == []


def test_a_rejection_after_an_approval_leaves_that_approval(cs: User, finance: User) -> None:
    offer = OfferFactory(functions=[F.CS, F.FINANCE])
    approve(offer.pk, function=F.CS, digest=offer.digest, acting_user=cs)
    reject(offer.pk, function=F.FINANCE, digest=offer.digest, note="No", acting_user=finance)
    assert undo(offer.pk, acting_user=finance).awaits == ["finance"]
    assert states(offer) == [("cs", "approved", cs.pk, offer.digest), ("finance", "waiting", None, "")]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_hard": True}, "Its room went to others meanwhile. The cap “Programme cap” has no room left"),
        ({"is_hard": False}, "Its room went to others meanwhile: it would pass “Programme cap” now"),
    ],
)
def test_a_rejection_stays_once_its_room_went_to_others(cs: User, fields: dict[str, object], words: str) -> None:
    offer = OfferFactory(functions=[F.CS])
    period = capped(offer, str(offer.discount_equivalent), **fields)
    reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
    other = OfferFactory(campaign=offer.campaign)
    assert reserve([asked(other, str(offer.discount_equivalent), offer.proposed_at.date())])[other.pk].ok
    before = (used(period), states(offer), AuditLine.objects.count())
    with pytest.raises(DomainError, match=words):
        undo(offer.pk, acting_user=cs)
    assert (used(period), states(offer), AuditLine.objects.count()) == before
    assert Offer.objects.get(pk=offer.pk).state == "rejected"


def test_a_rejection_stays_once_the_supply_went_to_others_or_the_cap_is_gone(cs: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    period = capped(offer)
    reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
    period.cap.is_active = False
    period.cap.save()
    with pytest.raises(DomainError, match="caps that it was under are others now"):
        undo(offer.pk, acting_user=cs)
    period.cap.is_active = True
    period.cap.save()
    offer.reward.supply_limit = 1
    offer.reward.save()
    OfferFactory(campaign=offer.campaign)
    with pytest.raises(DomainError, match="supply of .* went to others"):
        undo(offer.pk, acting_user=cs)


def test_only_who_rejected_and_only_for_a_minute(cs: User, cs_colleague: User) -> None:
    offer = OfferFactory(functions=[F.CS])
    reject(offer.pk, function=F.CS, digest=offer.digest, note="No", acting_user=cs)
    with pytest.raises(NotAllowed, match="Only who decided last"):
        undo(offer.pk, acting_user=cs_colleague)
    offer.steps.update(decided_at=timezone.now() - UNDO_WINDOW - timedelta(seconds=1))
    with pytest.raises(DomainError, match="too late"):
        undo(offer.pk, acting_user=cs)
    assert Offer.objects.get(pk=offer.pk).state == "rejected"


def decide(decision: StepState, user: User, *offers: Offer) -> datetime:
    """Decide them together; returns the moment."""
    outcomes = decide_all([Ask(o.pk, o.digest) for o in offers], decision, "Not now", acting_user=user)
    together = undoable_together(outcomes)
    assert together is not None
    return together.decided_at


def refused(outcomes: object) -> dict[str, str]:
    return {o.named: str(o.refusal) for o in outcomes if o.refusal}  # type: ignore[attr-defined]


def test_rejections_made_together_are_taken_back_together_once(cs: User) -> None:
    offers = OfferFactory.create_batch(3)
    period, value = capped(offers[0], "1000.00"), offers[0].discount_equivalent
    assert reserve([asked(o, str(value), o.proposed_at.date()) for o in offers])[offers[2].pk].ok
    at = decide(StepState.REJECTED, cs, *offers)
    assert used(period) == (0, 0)
    ids = [offer.pk for offer in offers]
    assert refused(undo_all(ids, at, acting_user=cs)) == {}
    for offer in offers:
        assert states(offer) == [("cs", "waiting", None, ""), ("finance", "waiting", None, "")]
    assert set(Offer.objects.values_list("state", "closed_at")) == {("in_approval", None)}
    assert used(period) == (3 * value, 0)
    lines = AuditLine.objects.filter(verb="offer_undone").order_by("object_id")
    assert sorted(int(line.object_id) for line in lines) == ids
    assert {(line.before["step"], line.after["step"]) for line in lines} == {
        ("Customer Success rejected", "Customer Success waiting")
    }
    again = undo_all(ids, at, acting_user=cs)
    assert set(refused(again).values()) == {"Nothing of this offer was decided yet."}
    # Decided anew, they are not what the first request spoke of.
    decide(StepState.REJECTED, cs, *offers)
    assert set(refused(undo_all(ids, at, acting_user=cs)).values()) == {
        "It was decided again meanwhile. Nothing was changed."
    }
    assert AuditLine.objects.filter(verb="offer_undone").count() == 3


def test_what_changed_meanwhile_is_named_and_left(cs: User, cs_colleague: User, finance: User) -> None:
    back, late, hers, granted, passed = OfferFactory.create_batch(5)
    only_cs = OfferFactory(functions=[F.CS])
    at = decide(StepState.APPROVED, cs, back, late, hers, granted, passed, only_cs)
    late.steps.filter(function="cs").update(decided_at=at - UNDO_WINDOW - timedelta(seconds=1))
    reject(hers.pk, function=F.FINANCE, digest=hers.digest, note="No", acting_user=finance)
    approve(granted.pk, function=F.FINANCE, digest=granted.digest, acting_user=finance)
    ids = [o.pk for o in (back, late, hers, granted, passed, only_cs)]
    told = refused(undo_all(ids, at, acting_user=cs))
    assert told == {
        str(late): "It was decided again meanwhile. Nothing was changed.",
        str(hers): "Only who decided last can take it back.",
        str(granted): f"{granted} is approved. Nothing was changed.",
        str(only_cs): f"{only_cs} is approved. Nothing was changed.",
    }
    assert {o.pk for o in Offer.objects.filter(awaits=["cs"])} == {back.pk, passed.pk}
    assert AuditLine.objects.get(verb="refused").object_id == str(hers.pk)
    assert set(refused(undo_all([back.pk], at, acting_user=cs_colleague)).values()) == {
        "Nothing of this offer was decided yet."
    }


@pytest.mark.parametrize("is_hard", [True, False])
def test_room_for_some_goes_in_the_order_of_ids_and_leaves_no_trace_of_the_others(cs: User, is_hard: bool) -> None:
    offers = OfferFactory.create_batch(5)
    period, value = capped(offers[0], str(5 * offers[0].discount_equivalent), is_hard=is_hard), 300
    reserve([asked(o, "300.00", o.proposed_at.date()) for o in offers])
    at = decide(StepState.REJECTED, cs, *offers)
    others = OfferFactory.create_batch(2, campaign=offers[0].campaign)
    reserve([asked(o, "300.00", o.proposed_at.date()) for o in others])
    told = refused(undo_all([o.pk for o in offers], at, acting_user=cs))
    assert list(told) == [str(o) for o in offers[3:]]
    assert all("Its room went to others meanwhile" in why for why in told.values())
    assert list(Offer.objects.filter(state="rejected").order_by("pk")) == offers[3:]
    assert used(period) == (5 * value, 0)
    assert set(CapEntry.objects.filter(offer__in=offers[3:]).values_list("kind", flat=True)) == {"reserve", "release"}
    assert CapEntry.objects.filter(offer__in=offers[3:]).count() == 4
    assert check().problems == []


def test_the_last_of_the_supply_goes_to_the_first(cs: User) -> None:
    first = OfferFactory(functions=[F.CS])
    second = OfferFactory(campaign=first.campaign, functions=[F.CS])
    at = decide(StepState.REJECTED, cs, first, second)
    first.reward.supply_limit = 1
    first.reward.save()
    told = refused(undo_all([first.pk, second.pk], at, acting_user=cs))
    assert list(told) == [str(second)]
    assert "supply" in told[str(second)]
    assert list(Offer.objects.filter(awaits=["cs"])) == [first]


def test_many_are_taken_back_in_as_many_statements_as_two(cs: User) -> None:
    counted = []
    for count in (2, 12):
        offers = OfferFactory.create_batch(count)
        at = decide(StepState.REJECTED, cs, *offers)
        with CaptureQueriesContext(connection) as queries:
            undo_all([o.pk for o in offers], at, acting_user=cs)
        counted.append(len(queries))
    assert Offer.objects.filter(awaits=["cs"]).count() == 14
    assert counted[0] == counted[1]


def fields_in(page: str) -> dict[str, object]:
    """What the button “Undo” of a page sends."""
    form = page[page.index(f'action="{reverse("offers-undo")}"') :].split("</form>")[0]
    pairs = [
        (tag.split('name="')[1].split('"')[0], tag.split('value="')[1].split('"')[0])
        for tag in form.split("<input")[1:]
    ]
    many = [value for name, value in pairs if name == "decided"]
    return {name: value for name, value in pairs if name in ("decided_at", "back")} | {"decided": many}


def test_the_message_that_follows_undoes_them(signed_in_as: SignIn, cs: User, finance: User) -> None:
    client, offers = signed_in_as(cs), [*OfferFactory.create_batch(2), OfferFactory(functions=[F.CS])]
    data = {"action": "approve", "back": "?view=mine", "chosen": [f"{o.pk}:{o.digest}" for o in offers]}
    page = client.post(reverse("offers-decide"), data, headers=HTMX).content.decode()
    assert "3 offers approved: 1 granted; 2 passed on." in page
    assert 'data-key="u"' in page
    assert "Undo 2 approvals" in page
    sent = fields_in(page)
    assert sent["decided"] == [str(o.pk) for o in offers[:2]]
    approve(offers[1].pk, function=F.FINANCE, digest=offers[1].digest, acting_user=finance)
    page = client.post(reverse("offers-undo"), sent, headers=HTMX).content.decode()
    assert "1 offer taken back: it waits for you again." in page
    assert f"{offers[1]}:</strong> {offers[1]} is approved." in page
    for moved in ('id="queue-list" hx-swap-oob="true"', 'id="queue-summary"', 'id="count-offers"'):
        assert moved in page
    page = client.post(reverse("offers-undo"), sent, headers=HTMX).content.decode()
    assert "Nothing was taken back." in page
    assert (Grant.objects.count(), AuditLine.objects.filter(verb="offer_undone").count()) == (2, 1)


def test_without_scripts_the_list_offers_it(signed_in_as: SignIn, cs: User, cs_colleague: User) -> None:
    client, offers = signed_in_as(cs), OfferFactory.create_batch(2)
    data = {"action": "reject", "note": "No", "back": "?view=mine", "chosen": [f"{o.pk}:{o.digest}" for o in offers]}
    address = client.post(reverse("offers-decide"), data)["Location"]
    assert "Undo 2 rejections" in client.get(address).content.decode()
    assert "Undo 2" not in signed_in_as(cs_colleague).get(address).content.decode()
    answer = client.post(reverse("offers-undo"), fields_in(client.get(address).content.decode()), follow=True)
    assert "2 offers taken back: they wait for you again." in answer.content.decode()
    assert "Undo 2" not in client.get(address).content.decode()
    assert set(Offer.objects.values_list("state", flat=True)) == {"in_approval"}


@pytest.mark.parametrize("sent", [{}, {"decided": ["x"]}, {"decided": ["1"]}, {"decided": ["1"], "decided_at": "now"}])
def test_a_request_that_says_nothing_undoes_nothing(sent: dict[str, object], signed_in_as: SignIn, cs: User) -> None:
    assert signed_in_as(cs).post(reverse("offers-undo"), sent)["Location"] == reverse("offers")
