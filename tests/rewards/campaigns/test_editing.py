"""Campaigns as people make and edit them, and take them through their life."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.people.models import User
from loyalty.shipped import ensure_shipped
from rewards.campaigns.models import Campaign

SignIn = Callable[[User], Client]
FORM: dict[str, Any] = {
    "name": "Seats are nearly full",
    "goal": "Expansion",
    "t_percent": "85",
    "reward_0": "extra-seats-3",
    "wait_0": "0",
    "recipient": "champion",
    "cooldown_days": "90",
    "holdout_percent": "10",
    "short_term_cost": "low",
    "expected_ltv_gain": "high",
    "complexity": "low",
    "data_needed": "Seats",
}


@pytest.fixture
def shipped(db: None) -> None:
    ensure_shipped()


def body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("shipped")
def test_the_owner_of_a_trigger_makes_a_draft_of_it(cs: User, product: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    assert "Begin with this" in body(client, "/campaigns/start/")
    assert 'value="90"' in body(client, "/campaigns/new/?trigger=seat_utilisation")

    answer = client.post("/campaigns/new/?trigger=seat_utilisation", FORM)

    made = Campaign.objects.get(name="Seats are nearly full")
    assert answer["Location"] == f"/campaigns/{made.pk}/"
    assert (made.status, made.trigger_parameters, made.holdout_percent) == ("draft", {"percent": 85}, 10)
    assert made.steps.get().reward.key == "extra-seats-3"
    refused = signed_in_as(product).post("/campaigns/new/?trigger=seat_utilisation", FORM | {"name": "Not mine"})
    assert refused.status_code == 403
    assert not Campaign.objects.filter(name="Not mine").exists()


WRONG: list[tuple[dict[str, str], str]] = [
    ({"name": ""}, "This field is required"),
    ({"t_percent": "0"}, "greater than or equal to 1"),
    ({"reward_0": ""}, "offers at least one reward"),
    ({"reward_1": "extra-seats-3"}, "stands in a ladder once"),
    ({"cooldown_days": "6"}, "greater than or equal to 7"),
    ({"holdout_percent": "51"}, "less than or equal to 50"),
]


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(("edit", "says"), WRONG)
def test_what_is_wrong_stands_beside_its_field(edit: dict[str, str], says: str, cs: User, signed_in_as: SignIn) -> None:
    before = Campaign.objects.count()

    answer = signed_in_as(cs).post("/campaigns/new/?trigger=seat_utilisation", FORM | edit)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Campaign.objects.count() == before


@pytest.mark.usefixtures("shipped")
def test_a_discount_where_a_credit_fits_warns_and_needs_a_reason(cs: User, signed_in_as: SignIn) -> None:
    client, form = signed_in_as(cs), FORM | {"reward_0": "discount-10", "name": "A tenth off"}

    warned = client.post("/campaigns/new/?trigger=seat_utilisation", form)

    assert warned.status_code == 422
    assert "Status rewards and credits come before discounts" in warned.content.decode()
    assert not Campaign.objects.filter(name="A tenth off").exists()
    client.post("/campaigns/new/?trigger=seat_utilisation", form | {"reason": "A competitor's price"})
    assert Campaign.objects.filter(name="A tenth off").exists()


@pytest.mark.usefixtures("shipped")
def test_on_cancellation_intent_the_order_is_fixed(cs: User, signed_in_as: SignIn) -> None:
    form = {k: v for k, v in FORM.items() if not k.startswith("t_")}
    form |= {"name": "Stay", "reward_0": "pause-or-skip", "reward_1": "value-recap", "wait_1": "2"}

    answer = signed_in_as(cs).post("/campaigns/new/?trigger=cancellation_intent", form)

    assert answer.status_code == 422
    assert "a value recap cannot come after a pause" in answer.content.decode()
    assert not Campaign.objects.filter(name="Stay").exists()


@pytest.mark.usefixtures("shipped")
def test_from_draft_to_live_with_the_leave_of_all_three(
    cs: User, product: User, finance: User, cs_colleague: User, signed_in_as: SignIn
) -> None:
    found = Campaign.objects.get(key="seat-expansion")
    page, step = f"/campaigns/{found.pk}/", {"version": 1}
    owner = signed_in_as(cs)
    assert owner.post(f"{page}move", {"action": "launch"}).status_code == 409
    assert signed_in_as(finance).post(f"{page}move", {"action": "model"}).status_code == 403
    owner.post(f"{page}move", {"action": "model"})
    assert "Approve for Customer Success" in body(owner, page)
    assert "Approve for Finance" not in body(owner, page)

    stale = owner.post(f"{page}approve", {"function": "cs", "version": 7})
    assert (stale.status_code, found.approvals.count()) == (409, 0)
    for person, function in ((cs_colleague, "cs"), (product, "product"), (finance, "finance")):
        signed_in_as(person).post(f"{page}approve", step | {"function": function})
    found.refresh_from_db()
    assert (found.status, found.approvals.count()) == ("approved", 3)
    owner.post(f"{page}move", {"action": "launch"})
    assert owner.post(f"{page}move", {"action": "pause"}).status_code == 409
    owner.post(f"{page}move", {"action": "pause", "reason": "The supply ran out"})

    found.refresh_from_db()
    assert found.status == "paused"
    assert owner.post(f"{page}move", {"action": "fly"}).status_code == 422


@pytest.mark.usefixtures("shipped")
def test_what_runs_is_edited_by_request_and_an_earlier_version_proposed_again(
    cs: User, cs_colleague: User, signed_in_as: SignIn
) -> None:
    found = Campaign.objects.get(key="seat-expansion")
    Campaign.objects.filter(pk=found.pk).update(status="live")
    client = signed_in_as(cs)
    assert "It runs, so your edit becomes a change request" in body(client, f"/campaigns/{found.pk}/edit/")
    assert client.post(f"/campaigns/{found.pk}/edit/", FORM).status_code == 422  # without a reason

    client.post(f"/campaigns/{found.pk}/edit/", FORM | {"reason": "Earlier is better"})

    change = ChangeRequest.objects.get()
    approve(change.pk, digest=change.digest, acting_user=cs_colleague)
    found.refresh_from_db()
    assert (found.version, found.status, found.trigger_parameters) == (2, "live", {"percent": 85})
    again = body(client, f"/campaigns/{found.pk}/edit/?restore=1")
    assert 'value="90"' in again
    assert "Back to version 1." in again


@pytest.mark.usefixtures("shipped")
def test_a_button_of_the_builder_saves_nothing_and_keeps_what_was_typed(cs: User, signed_in_as: SignIn) -> None:
    before = Campaign.objects.count()

    answer = signed_in_as(cs).post(
        "/campaigns/new/?trigger=seat_utilisation", FORM | {"name": "Typed", "audience.step": "add:"}
    )

    assert answer.status_code == 200
    assert 'value="Typed"' in answer.content.decode()
    assert Campaign.objects.count() == before


@pytest.mark.usefixtures("shipped")
def test_the_lists_filter_compare_and_export(cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    assert "Grown on a multi-year contract" in body(client, "/campaigns/?owner=finance")
    assert "Seats" not in body(client, "/campaigns/?owner=finance").split("<main")[1]
    assert "First: segments and real-time triggers" in body(client, "/campaigns/compare/")
    for path in ("/campaigns/?format=csv", "/campaigns/compare/?format=csv"):
        lines = b"".join(client.get(path).streaming_content).decode().count("\r\n")
        assert lines == Campaign.objects.count() + 1
    copy = body(client, f"/campaigns/new/?copy={Campaign.objects.get(key='seat-expansion').pk}")
    assert "Nearly all seats in use (copy)" in copy
