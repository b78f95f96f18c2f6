"""Milestones in the browser: seeing, editing, previewing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.milestones.models import Milestone
from accounts.milestones.verbs import detect, values_of
from accounts.usage.models import KeyAction
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.people.models import User
from tests.factories import AccountFactory, EventFactory, MilestoneFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def form_of(milestone: Milestone, **changed: object) -> dict[str, object]:
    values = {**values_of(milestone), "reason": "Two is a habit", **changed}
    return {name: "" if value is None else value for name, value in values.items()}


def reached(name: str, *days_ago: float) -> None:
    account = AccountFactory(name=name)
    for days in days_ago:
        EventFactory(account=account, occurred_at=timezone.now() - timedelta(days=days))


def test_the_list_with_counts_and_csv(cs: User, signed_in_as: SignIn) -> None:
    milestone = MilestoneFactory(name="First report", count=1)
    reached("Acme", 1)
    reached("Beta", 31)
    detect(None)
    client = signed_in_as(cs)
    response = client.get("/milestones/")
    row = response.context["rows"].get()
    assert (row, row.reached_recently, row.reached) == (milestone, 1, 2)
    assert "“Custom Report Generated” for the first time" in response.content.decode()
    assert "New milestone" not in response.content.decode()
    lines = b"".join(client.get("/milestones/?format=csv")).decode().splitlines()
    assert lines[1:] == [
        "First report,“Custom Report Generated” for the first time,Custom Report Generated,1,,,live,1,1,2"
    ]
    assert list(client.get("/milestones/?status=draft").context["rows"]) == []


def test_an_edit_of_a_live_one_becomes_a_request_and_a_colleague_applies_it(
    product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    milestone = MilestoneFactory()
    client = signed_in_as(product)
    assert "your edit becomes a change request" in client.get(f"/milestones/{milestone.pk}/").content.decode()
    response = client.post(f"/milestones/{milestone.pk}/edit", form_of(milestone, count=2))
    change = ChangeRequest.objects.get()
    assert response["Location"] == f"/changes/{change.pk}/"
    page = client.get(f"/milestones/{milestone.pk}/").content.decode()
    assert f'<a href="/changes/{change.pk}/">A change by Priya Shah</a> waits for a decision' in page
    data = {"decision": "approve", "digest": change.digest}
    signed_in_as(product_colleague).post(f"/changes/{change.pk}/decide", data)
    milestone.refresh_from_db()
    assert (milestone.count, milestone.version) == (2, 2)


def test_a_draft_goes_live_at_once_for_product(product: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(product)
    new = {"name": "Second report", "event_name": "Report", "count": 2, "within_days": ""}
    made = client.post("/milestones/new/", new)
    milestone = Milestone.objects.get()
    assert made["Location"] == f"/milestones/{milestone.pk}/"
    assert (milestone.status, milestone.within_days) == ("draft", None)
    response = client.post(f"/milestones/{milestone.pk}/edit", form_of(milestone, status="live", reason=""))
    assert response["Location"] == f"/milestones/{milestone.pk}/"
    milestone.refresh_from_db()
    assert (milestone.status, milestone.version) == ("live", 2)


def test_nobody_else_makes_a_draft(cs: User, signed_in_as: SignIn) -> None:
    new = {"name": "Second report", "event_name": "Report", "count": 2, "within_days": ""}
    response = signed_in_as(cs).post("/milestones/new/", new)
    assert response.status_code == 403
    assert 'value="Second report"' in response.content.decode()
    assert Milestone.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"count": 0}, 422, "greater than or equal to 1"),
        ({"count": "two"}, 422, "Enter a whole number"),
        ({"event_name": ""}, 422, "This field is required"),
        ({"status": "draft"}, 422, "Select a valid choice"),
        ({"count": 2, "reason": ""}, 422, "This field is required"),
        ({}, 409, "Nothing would change"),
    ],
)
def test_what_was_typed_is_still_there(
    changed: dict[str, object], status: int, told: str, product: User, signed_in_as: SignIn
) -> None:
    milestone = MilestoneFactory()
    data = form_of(milestone, **{"name": milestone.name, **changed})
    response = signed_in_as(product).post(f"/milestones/{milestone.pk}/edit", data)
    assert response.status_code == status
    assert told in response.content.decode()
    assert f'name="count" value="{data["count"]}"' in response.content.decode()
    assert ChangeRequest.objects.count() == 0


def test_the_preview_says_who_would_match(product: User, signed_in_as: SignIn) -> None:
    milestone = MilestoneFactory(count=1)
    reached("Acme", 3, 2)
    reached("Beta", 5)
    terms = {"event_name": milestone.event_name, "count": 2, "of": milestone.pk}
    text = signed_in_as(product).get("/milestones/preview", terms).content.decode()
    assert "2 times: 1 account reached it in the last 365 days, 1 fewer than now." in text
    assert "Drops 1 account: Beta." in text
    unfinished = signed_in_as(product).get("/milestones/preview", {"event_name": "", "count": "x"})
    assert "Complete the event" in unfinished.content.decode()


def test_a_proposal_is_written_anew(product: User, cs: User, product_colleague: User, signed_in_as: SignIn) -> None:
    milestone = MilestoneFactory()
    signed_in_as(cs).post(f"/milestones/{milestone.pk}/edit", form_of(milestone, count=5))
    change = ChangeRequest.objects.get()
    page = signed_in_as(cs).get(f"/milestones/{milestone.pk}/?change={change.pk}").content.decode()
    assert 'name="count" value="5"' in page
    assert f'name="digest" value="{change.digest}"' in page
    anew = form_of(milestone, count=3, change=change.pk, digest=change.digest)
    assert signed_in_as(product).post(f"/milestones/{milestone.pk}/edit", anew)["Location"] == f"/changes/{change.pk}/"
    change.refresh_from_db()
    assert (change.proposed["count"], change.state) == (3, "pending")
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    milestone.refresh_from_db()
    assert milestone.count == 3


def test_names_are_text_only(product: User, signed_in_as: SignIn) -> None:
    milestone = MilestoneFactory(name="<script>alert(1)</script>", event_name='"><b>x')
    text = signed_in_as(product).get(f"/milestones/?open={milestone.pk}").content.decode()
    assert "<script>alert(1)" not in text
    assert '"><b>x' not in text


def test_the_first_list_of_key_actions_is_saved_and_the_next_is_proposed(
    product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    client = signed_in_as(product)
    assert client.post("/milestones/key-actions/", {"event_names": "Export\n\n Report \nExport"}).status_code == 302
    assert list(KeyAction.objects.values_list("event_name", flat=True)) == ["Export", "Report"]
    edited = {"event_names": "Report\nAPI Call", "reason": "Exports are automatic"}
    response = client.post("/milestones/key-actions/", edited)
    change = ChangeRequest.objects.get()
    assert response["Location"] == f"/changes/{change.pk}/"
    assert change.impact == [
        "Adds “API Call”: 0 times at 0 accounts in the last 30 days.",
        "Removes “Export”: 0 times at 0 accounts in the last 30 days.",
    ]
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    assert list(KeyAction.objects.values_list("event_name", flat=True)) == ["API Call", "Report"]


def test_the_days_can_count_from_another_milestone(
    product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    start = MilestoneFactory(name="Onboarded", event_name="Onboarding Completed")
    milestone = MilestoneFactory(name="Reporting")
    client = signed_in_as(product)
    assert "Reaching “Onboarded”" in client.get(f"/milestones/{milestone.pk}/").content.decode()
    client.post(f"/milestones/{milestone.pk}/edit", form_of(milestone, within_days=14, counts_from=start.pk))
    change = ChangeRequest.objects.get()
    shown = client.get(f"/changes/{change.pk}/").content.decode()
    assert "reaching “Onboarded”" in shown
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    page = client.get(f"/milestones/{milestone.pk}/").content.decode()
    assert "within 14 days of reaching “Onboarded”" in page
    circle = client.post(f"/milestones/{start.pk}/edit", form_of(start, within_days=1, counts_from=milestone.pk))
    assert circle.status_code == 422
    assert ChangeRequest.objects.count() == 1


def test_an_earlier_version_is_restored_by_a_new_request(
    product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    milestone = MilestoneFactory(name="Reporting", count=3)
    client = signed_in_as(product)
    client.post(f"/milestones/{milestone.pk}/edit", form_of(milestone, count=5))
    change = ChangeRequest.objects.get()
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    assert f"/milestones/{milestone.pk}/?version=1" in client.get(f"/milestones/{milestone.pk}/").content.decode()
    form = client.get(f"/milestones/{milestone.pk}/?version=1").context["form"]
    assert (form["count"].value(), form["status"].value()) == (3, "live")
    assert form["reason"].value() == "Back to version 1"
    posted = {name: form[name].value() for name in form.fields}
    client.post(
        f"/milestones/{milestone.pk}/edit", {name: "" if value is None else value for name, value in posted.items()}
    )
    back = ChangeRequest.objects.latest("pk")
    assert Milestone.objects.get().count == 5
    approve(back.pk, digest=back.digest, acting_user=product_colleague)
    assert (Milestone.objects.get().count, Milestone.objects.get().version) == (3, 3)
