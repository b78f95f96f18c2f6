"""Change requests in the browser, with and without htmx."""

from collections.abc import Callable

import pytest
from django.test import Client

from loyalty.core.changes import verbs
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.people.models import User
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SignIn = Callable[[User], Client]


def a_change(by: User, name: str = "First report", count: int = 2) -> ChangeRequest:
    milestone = MilestoneFactory(name=name)
    change = verbs.propose_or_apply("milestone", milestone.pk, {"count": count}, "Two is a habit", acting_user=by)
    assert isinstance(change, ChangeRequest)
    return change


def decision(change: ChangeRequest, decision: str = "approve", **data: str) -> dict[str, str]:
    return {"decision": decision, "digest": change.digest, "note": "", **data}


def test_the_page_says_what_changes_for_whom_and_why(
    product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    change = a_change(product)
    text = signed_in_as(product_colleague).get(f"/changes/{change.pk}/").content.decode()
    assert '<del class="before">once</del>' in text
    assert '<ins class="after">2 times</ins>' in text
    assert "2 times: 0 accounts reached it in the last 365 days, as many as now." in text
    assert "Two is a habit" in text
    assert f'name="digest" value="{change.digest}"' in text


@pytest.mark.parametrize(
    ("who", "why"), [("product", "Nobody decides their own proposal"), ("cs", "Product decides this")]
)
def test_no_buttons_for_who_may_not(
    who: str, why: str, product: User, signed_in_as: SignIn, request: pytest.FixtureRequest
) -> None:
    change = a_change(product)
    text = signed_in_as(request.getfixturevalue(who)).get(f"/changes/{change.pk}/").content.decode()
    assert why in text
    assert 'name="decision"' not in text


def test_approving_without_javascript(product: User, product_colleague: User, signed_in_as: SignIn) -> None:
    change = a_change(product)
    response = signed_in_as(product_colleague).post(f"/changes/{change.pk}/decide", decision(change), follow=True)
    assert response.redirect_chain == [(f"/changes/{change.pk}/", 302)]
    assert b"Approved and applied." in response.content
    change.refresh_from_db()
    assert change.state == "applied"


def test_approving_with_htmx(product: User, product_colleague: User, signed_in_as: SignIn) -> None:
    change = a_change(product)
    url = f"/changes/{change.pk}/decide"
    response = signed_in_as(product_colleague).post(url, decision(change), headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert text.startswith(f'<section data-row="{change.pk}"')
    assert f'<span id="change-status-{change.pk}" hx-swap-oob="true">' in text
    assert '"message": "Approved and applied."' in response["HX-Trigger"]


def test_rejecting_needs_a_reason(product: User, product_colleague: User, signed_in_as: SignIn) -> None:
    change = a_change(product)
    client = signed_in_as(product_colleague)
    response = client.post(f"/changes/{change.pk}/decide", decision(change, "reject"))
    assert response.status_code == 422
    assert b"Say why you reject it" in response.content
    assert client.post(f"/changes/{change.pk}/decide", decision(change, "reject", note="No")).status_code == 302
    change.refresh_from_db()
    assert (change.state, change.decision_note) == ("rejected", "No")


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(("who", "status"), [("product", 403), ("cs", 403), ("administrator", 403)])
def test_a_direct_post_of_who_may_not(
    who: str,
    status: int,
    headers: dict[str, str],
    product: User,
    signed_in_as: SignIn,
    request: pytest.FixtureRequest,
) -> None:
    change = a_change(product)
    client = signed_in_as(request.getfixturevalue(who))
    response = client.post(f"/changes/{change.pk}/decide", decision(change), headers=headers)
    assert response.status_code == status
    change.refresh_from_db()
    assert change.state == "pending"


def test_terms_that_changed_are_shown_again(
    product: User, product_colleague: User, cs: User, signed_in_as: SignIn
) -> None:
    change = a_change(product)
    seen = decision(change)
    verbs.edit(change.pk, {"count": 4}, "Four", digest=change.digest, acting_user=cs)
    response = signed_in_as(product_colleague).post(f"/changes/{change.pk}/decide", seen)
    text = response.content.decode()
    assert response.status_code == 409
    assert "The terms changed while you were looking" in text
    assert '<ins class="after">4 times</ins>' in text


def test_both_versions_are_shown_when_live_moved_on(
    product: User, product_colleague: User, cs: User, signed_in_as: SignIn
) -> None:
    slow = a_change(product, count=5)
    quick = verbs.propose_or_apply("milestone", slow.object_id, {"count": 3}, "Three", acting_user=cs)
    assert isinstance(quick, ChangeRequest)
    verbs.approve(quick.pk, digest=quick.digest, acting_user=product_colleague)
    response = signed_in_as(product_colleague).post(f"/changes/{slow.pk}/decide", decision(slow))
    text = response.content.decode()
    assert response.status_code == 409
    assert "against version 1, and version 2 is live now" in text
    for cell in ('<del class="before">once</del>', "<td>3 times</td>", '<ins class="after">5 times</ins>'):
        assert cell in text


def test_the_list_puts_what_waits_for_me_first(
    product: User, product_colleague: User, cs: User, signed_in_as: SignIn
) -> None:
    others = a_change(product, "Mine to decide")
    own = a_change(product_colleague, "My own")
    response = signed_in_as(product_colleague).get("/changes/")
    assert [row.pk for row, _ in response.context["rows"]] == [others.pk, own.pk]
    assert response.context["waiting"] == 1
    assert b"waits for you" in response.content
    assert signed_in_as(cs).get("/changes/").context["waiting"] == 0


def test_filters_and_csv(product: User, product_colleague: User, signed_in_as: SignIn) -> None:
    closed, still_open = a_change(product, "=Closed"), a_change(product, "Open")
    verbs.withdraw(closed.pk, acting_user=product)
    client = signed_in_as(product_colleague)

    def shown(query: str) -> list[int]:
        return [row.pk for row, _ in client.get(f"/changes/?{query}").context["rows"]]

    assert shown("view=closed") == [closed.pk]
    assert shown("view=all&function=product&kind=milestone") == [still_open.pk, closed.pk]
    assert shown("view=all&function=finance") == []
    lines = b"".join(client.get("/changes/?view=closed&format=csv")).decode().splitlines()
    assert lines[0].startswith("\ufeffnumber,object,kind,changes,state,owner")
    assert lines[1].startswith(
        f"{closed.pk},'=Closed,milestone,How often: once → 2 times,withdrawn,Product,Priya Shah,"
    )
    assert len(lines) == 2


def test_opened_beside_the_list(product: User, cs: User, signed_in_as: SignIn) -> None:
    change = a_change(product)
    response = signed_in_as(cs).get(f"/changes/?open={change.pk}")
    assert response.context["change"] == change
    assert signed_in_as(cs).get("/changes/?open=404").status_code == 404


def test_comments_and_withdrawal(product: User, cs: User, signed_in_as: SignIn) -> None:
    change = a_change(product)
    assert signed_in_as(cs).post(f"/changes/{change.pk}/comment", {"text": "<b>Why</b> two?"}).status_code == 302
    text = signed_in_as(cs).get(f"/changes/{change.pk}/").content.decode()
    assert "&lt;b&gt;Why&lt;/b&gt; two?" in text
    assert signed_in_as(cs).post(f"/changes/{change.pk}/comment", {"text": ""}).status_code == 422
    assert signed_in_as(cs).post(f"/changes/{change.pk}/withdraw").status_code == 403
    assert signed_in_as(product).post(f"/changes/{change.pk}/withdraw").status_code == 302
    change.refresh_from_db()
    assert change.state == "withdrawn"


@pytest.mark.parametrize("action", ["decide", "withdraw", "comment"])
def test_a_request_that_is_not_there(action: str, product: User, signed_in_as: SignIn) -> None:
    data = {"decision": "approve", "digest": "0" * 64, "text": "Hello"}
    assert signed_in_as(product).post(f"/changes/404/{action}", data).status_code == 404


@pytest.mark.parametrize(
    "query", ["view=%00", "kind=%00", "function=sales", "open=x", "after=W10", "after=WyJ4IiwgIngiXQ=="]
)
def test_what_cannot_be_read_is_left_out(query: str, product: User, signed_in_as: SignIn) -> None:
    change = a_change(product)
    response = signed_in_as(product).get(f"/changes/?{query}")
    assert [row.pk for row, _ in response.context["rows"]] == [change.pk]
