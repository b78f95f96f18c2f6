"""Segments in the browser: the list, one of them, its members and moves, editing by request."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.segments.models import Segment, SegmentMove
from accounts.segments.verbs import values_of
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.people.models import User
from tests.accounts.conditions.page_fields import Fields
from tests.accounts.segments.standing import DAY, evidence, moved, stand
from tests.factories import SegmentFactory, SourceFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
BUSY = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "20"}
BUSIER = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "30"}
BUSY_WORDS = "Sign-ins is at least 20"


@pytest.fixture
def busy() -> Segment:
    return SegmentFactory(key="busy", name="Busy", goal="Advocacy", reward="A badge", priority=2, rule=BUSY)


@pytest.fixture
def quiet() -> Segment:
    return SegmentFactory(key="quiet", name="Quiet", priority=1)


def rows_of(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def text_of(client: Client, path: str, **headers: str) -> str:
    response: HttpResponse = client.get(path, headers=headers)  # type: ignore[assignment]
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_has_priority_members_and_what_each_is_for(
    busy: Segment, quiet: Segment, cs: User, signed_in_as: SignIn
) -> None:
    acme = stand("Acme", quiet, busy)
    stand("Beta", busy)
    stand("Nowhere")
    moved(acme, busy)
    moved(acme, busy, DAY - timedelta(days=40), cause="start")
    gone = moved(acme, busy, DAY - timedelta(days=1), entered=False)
    moved(acme, quiet, withdrawn_at="2026-11-14T00:00:00Z")
    client = signed_in_as(cs)
    page = text_of(client, "/segments/")
    assert page.index("Quiet") < page.index("Busy")
    assert "1 of 3 accounts is in no segment." in page
    assert "Advocacy" in page
    assert "+1, −1" in page
    assert rows_of(client.get("/segments/?format=csv"))[1:] == [
        ["1", "Quiet", "live", "1", "1", "0", "0", "", "", "Sign-ins is at least 1", "1"],
        ["2", "Busy", "live", "2", "1", "1", "1", "Advocacy", "A badge", BUSY_WORDS, "1"],
    ]
    assert gone.pk


def test_the_line_of_members_goes_back_from_those_of_now(busy: Segment, cs: User, signed_in_as: SignIn) -> None:
    acme, beta = stand("Acme", busy), stand("Beta")
    moved(acme, busy, DAY - timedelta(days=2))
    moved(beta, busy, DAY - timedelta(days=200))
    moved(beta, busy, DAY, entered=False)
    page = text_of(signed_in_as(cs), f"/segments/{busy.pk}/")
    told = [page.split(f'<th scope="row">{day}</th><td class="num">')[1].split("<")[0] for day in
            ("14 Nov 2026", "13 Nov 2026", "12 Nov 2026", "11 Nov 2026")]  # fmt: skip
    assert told == ["1", "2", "2", "1"]


def test_overlap_is_counted_for_every_pair(busy: Segment, quiet: Segment, cs: User, signed_in_as: SignIn) -> None:
    stand("Acme", quiet, busy)
    stand("Beta", busy)
    client = signed_in_as(cs)
    page = text_of(client, "/segments/")
    assert f'<a href="/segments/{quiet.pk}/?also={busy.pk}">1</a>' in page
    assert f'<a href="/segments/{busy.pk}/?also={quiet.pk}">1</a>' in page
    both = text_of(client, f"/segments/{busy.pk}/?also={quiet.pk}")
    assert "Acme" in both
    assert "Beta" not in both


@pytest.mark.parametrize(("active", "warns"), [(6, False), (7, True)])
def test_the_seventh_active_segment_warns(active: int, warns: bool, cs: User, signed_in_as: SignIn) -> None:
    SegmentFactory.create_batch(active)
    draft = SegmentFactory(status="draft", name="One more")
    client = signed_in_as(cs)
    assert ("7 segments are active." in text_of(client, "/segments/")) is warns
    assert f"{active + 1} segments would be active" in text_of(client, f"/segments/{draft.pk}/edit/")


def test_one_segment_shows_rule_members_moves_and_versions(busy: Segment, cs: User, signed_in_as: SignIn) -> None:
    acme = stand("Acme", busy, mrr="120.50")
    moved(acme, busy, fires=True, evidence=evidence([False], [True], {"sign_ins_30": 19}, {"sign_ins_30": 21}))
    source = SourceFactory(name="Old CDP", last_received_at="2020-01-01T00:00:00Z")
    source.kinds.create(kind="usage", is_active=True)
    client = signed_in_as(cs)
    for page in (text_of(client, f"/segments/{busy.pk}/"), text_of(client, f"/segments/?open={busy.pk}")):
        assert BUSY_WORDS in page
        assert f'<a href="/accounts/{acme.pk}/"' in page
        assert "Sign-ins is at least 20: 21, from 19" in page
        assert "Old CDP" in page
        assert "Version 1" in page
        assert "Restore" not in page
    beside = text_of(client, f"/segments/{busy.pk}/", **{"HX-Request": "true"})
    assert beside.startswith(f'<section data-row="{busy.pk}"')


def test_members_and_moves_come_as_csv(busy: Segment, quiet: Segment, cs: User, signed_in_as: SignIn) -> None:
    acme = stand("=Acme", quiet, busy, mrr="120.50")
    moved(acme, busy, evidence=evidence([None], [True], {"sign_ins_30": None}, {"sign_ins_30": 21}), fires=True)
    moved(acme, quiet, cause="rule")
    client = signed_in_as(cs)
    assert rows_of(client.get(f"/segments/{busy.pk}/?format=csv"))[1:] == [
        ["'=Acme", acme.external_id, "2026-11-14", "no", "120.50"]
    ]
    assert rows_of(client.get(f"/segments/{busy.pk}/moves/?format=csv"))[1:] == [
        ["2026-11-14", "'=Acme", acme.external_id, "entered", "facts", "Sign-ins is at least 20: 21, from unknown", "1",
         "yes"]
    ]  # fmt: skip
    assert "Version 1 of the segment took effect." in text_of(client, f"/segments/{quiet.pk}/moves/")


def test_members_come_page_by_page(busy: Segment, cs: User, signed_in_as: SignIn) -> None:
    for n in range(51):
        stand(f"Account {n:03}", busy)
    client = signed_in_as(cs)
    first = text_of(client, f"/segments/{busy.pk}/")
    assert "Account 049" in first
    assert "Account 050" not in first
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Account 050" in text_of(client, f"/segments/{busy.pk}/{following}")


def test_the_account_names_its_segments_and_each_says_why(
    busy: Segment, quiet: Segment, cs: User, signed_in_as: SignIn
) -> None:
    acme = stand("Acme", quiet, busy, sign_ins_30=25)
    client = signed_in_as(cs)
    for path in (f"/accounts/{acme.pk}/", f"/accounts/?open={acme.pk}"):
        page = text_of(client, path)
        assert f'href="/segments/{busy.pk}/?account={acme.pk}"' in page
        assert page.index("<bdi>Quiet</bdi>") < page.index("<bdi>Busy</bdi>")
    assert "<bdi>Quiet, Busy</bdi>" in text_of(client, f"/accounts/{acme.pk}/")
    why = text_of(client, f"/segments/{busy.pk}/?account={acme.pk}")
    assert "Because Sign-ins is at least 20 (25)." in why
    assert "The rule changed since" not in why
    other = stand("Beta", sign_ins_30=3)
    assert "No match" in text_of(client, f"/segments/{busy.pk}/?account={other.pk}")


def edited(client: Client, path: str, **changed: str) -> tuple[Any, Fields]:
    """The edit page as it was shown, sent with what was changed in it."""
    query = Fields(text_of(client, path)).query()
    for name, value in changed.items():
        query[name.replace("__", ".")] = value
    response = client.post(path, query.urlencode(), content_type="application/x-www-form-urlencoded")
    return response, Fields(response.content.decode())


def test_an_edit_of_a_live_segment_is_proposed_and_a_colleague_decides(
    busy: Segment, cs: User, cs_colleague: User, signed_in_as: SignIn
) -> None:
    stand("Acme", busy, sign_ins_30=25)
    client = signed_in_as(cs)
    response, _ = edited(client, f"/segments/{busy.pk}/edit/", **{"rule.r.0.value": "30", "reason": "Too many"})
    change = ChangeRequest.objects.get()
    assert response["Location"] == f"/changes/{change.pk}/"
    assert (change.before["rule"], change.proposed["rule"]) == (BUSY, BUSIER)
    assert "1 account leaves now: Acme." in change.impact
    page = text_of(client, f"/changes/{change.pk}/")
    assert "Sign-ins is at least 30" in page
    assert "A change by Cleo Martin" in text_of(client, f"/segments/{busy.pk}/")
    busy.refresh_from_db()
    assert (busy.rule, busy.version) == (BUSY, 1)

    approve(change.pk, digest=change.digest, acting_user=cs_colleague)
    again = text_of(client, f"/segments/{busy.pk}/")
    assert "Version 2" in again
    assert f'<a href="/segments/{busy.pk}/edit/?restore=1">Restore</a>' in again


def test_an_earlier_version_is_restored_by_a_new_proposal(busy: Segment, cs: User, signed_in_as: SignIn) -> None:
    busy.rule, busy.version = BUSIER, 2
    busy.save()
    client = signed_in_as(cs)
    path = f"/segments/{busy.pk}/edit/?restore=1"
    assert "These are the values of version 1." in text_of(client, path)
    response, _ = edited(client, path)
    change = ChangeRequest.objects.get()
    assert response["Location"] == f"/changes/{change.pk}/"
    assert (change.proposed["rule"], change.proposed["status"]) == (BUSY, "live")
    assert change.reason == "Back to version 1:"


def test_a_proposal_is_written_anew(busy: Segment, cs: User, cs_colleague: User, signed_in_as: SignIn) -> None:
    change = propose_or_apply("segment", busy.pk, {"rule": BUSIER}, "Too many", acting_user=cs)
    assert change
    client = signed_in_as(cs_colleague)
    path = f"/segments/{busy.pk}/edit/?change={change.pk}"
    assert path in text_of(client, f"/changes/{change.pk}/").replace("&amp;", "&")
    response, _ = edited(client, path, **{"rule.r.0.value": "40"})
    assert response["Location"] == f"/changes/{change.pk}/"
    change.refresh_from_db()
    assert change.proposed["rule"]["value"] == "40"
    assert ChangeRequest.objects.count() == 1


def test_cs_edits_a_draft_at_once_and_others_propose(cs: User, finance: User, signed_in_as: SignIn) -> None:
    draft = SegmentFactory(status="draft", rule=BUSY)
    response, _ = edited(signed_in_as(cs), f"/segments/{draft.pk}/edit/", status="live")
    assert response["Location"] == f"/segments/{draft.pk}/"
    draft.refresh_from_db()
    assert (draft.status, draft.version) == ("live", 2)

    other = SegmentFactory(status="draft", rule=BUSY)
    page = Fields(text_of(signed_in_as(finance), f"/segments/{other.pk}/edit/"))
    response, _ = edited(signed_in_as(finance), f"/segments/{other.pk}/edit/", name="Mine", reason="Why not")
    change = ChangeRequest.objects.get()
    assert (response["Location"], change.owner_function) == (f"/changes/{change.pk}/", "cs")
    other.refresh_from_db()
    assert other.version == 1
    assert page.buttons


WRONG = [
    ({"rule.r.0.value": "lots", "reason": "So"}, 422, "Give a number."),
    ({"rule.r.0.value": "30"}, 422, "This field is required"),
    ({"priority": "0", "reason": "So"}, 422, "greater than or equal to 1"),
    ({"reason": "So"}, 409, "Nothing would change"),
    ({"status": "draft", "reason": "So"}, 422, "Select a valid choice"),
]


@pytest.mark.parametrize(("changed", "status", "told"), WRONG)
def test_what_was_typed_is_still_there(
    changed: dict[str, str], status: int, told: str, busy: Segment, cs: User, signed_in_as: SignIn
) -> None:
    response, again = edited(signed_in_as(cs), f"/segments/{busy.pk}/edit/", **changed)
    assert response.status_code == status
    assert told in response.content.decode()
    kept = again.query()
    assert {name: kept.get(name) for name in changed if name != "status"} == {
        name: value for name, value in changed.items() if name != "status"
    }
    assert ChangeRequest.objects.count() == 0


def test_a_button_of_the_builder_proposes_nothing_and_keeps_the_rest(
    busy: Segment, cs: User, signed_in_as: SignIn
) -> None:
    changed = {"name": "Busier", "reason": "Too many", "rule.step": "add"}
    response, again = edited(signed_in_as(cs), f"/segments/{busy.pk}/edit/", **changed)
    assert response.status_code == 200
    kept = again.query()
    assert (kept["name"], kept["reason"], kept["rule.r.1.fact"]) == ("Busier", "Too many", "")
    assert ChangeRequest.objects.count() == 0


def test_a_copy_is_a_draft_of_its_own(busy: Segment, cs: User, signed_in_as: SignIn) -> None:
    response, _ = edited(signed_in_as(cs), f"/segments/new/?from={busy.pk}")
    made = Segment.objects.exclude(pk=busy.pk).get()
    assert response["Location"] == f"/segments/{made.pk}/"
    assert values_of(made) == values_of(busy) | {"name": "Busy (copy)", "status": "draft"}


def test_nobody_else_makes_a_segment(finance: User, signed_in_as: SignIn) -> None:
    query = Fields(text_of(signed_in_as(finance), "/segments/new/")).query(rule__step="add")
    client = signed_in_as(finance)
    page = Fields(client.post("/segments/new/", query.dict()).content.decode())
    filled = page.query(name="Mine")
    filled["rule.r.0.fact"], filled["rule.r.0.how"] = "nps", "unknown"
    response = client.post("/segments/new/", filled.dict())
    assert response.status_code == 403
    assert "This belongs to Customer Success." in response.content.decode()
    assert Fields(response.content.decode()).query()["name"] == "Mine"
    assert Segment.objects.count() == 0


def test_the_search_and_the_navigation_know_segments(
    busy: Segment, cs: User, cs_colleague: User, signed_in_as: SignIn
) -> None:
    assert f'<a href="/segments/{busy.pk}/">Busy</a>' in text_of(signed_in_as(cs), "/search/?q=bus")
    propose_or_apply("segment", busy.pk, {"rule": BUSIER}, "Too many", acting_user=cs)
    assert 'id="count-segments"' in text_of(signed_in_as(cs), "/")
    waiting = 'id="count-segments">1<span'
    assert waiting not in text_of(signed_in_as(cs), "/")
    assert waiting in text_of(signed_in_as(cs_colleague), "/")


def test_a_rule_that_can_no_longer_be_read_is_said_and_can_be_mended(
    busy: Segment, cs: User, signed_in_as: SignIn
) -> None:
    Segment.objects.filter(pk=busy.pk).update(rule={"op": "compare", "fact": "gone", "is": "=", "value": "1"})
    client = signed_in_as(cs)
    for path in ("/segments/", f"/segments/{busy.pk}/"):
        assert client.get(path).status_code == 200
    assert "can no longer be read" in text_of(client, f"/segments/{busy.pk}/")
    page = text_of(client, f"/segments/{busy.pk}/edit/")
    assert '<option value="gone" selected>' in page
    assert SegmentMove.objects.count() == 0
