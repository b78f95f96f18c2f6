"""Proposals kept as drafts: in the form of every room, told to nobody, decided only once they are submitted."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.queries import waiting_count
from loyalty.core.changes.verbs import propose_or_apply, submit
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from tests.factories import CapFactory, MilestoneFactory
from tests.url_matrix import EXPECTED, make_samples

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

# The pages on which something that is in force is edited, each with the form of its room.
FORMS = (
    "approval-rule",
    "approval-times",
    "assumptions",
    "campaign-edit",
    "edit-cap",
    "fit-rule",
    "invoice-credits",
    "journal-codes",
    "key-actions",
    "milestone",
    "tier-perks",
    "reward",
    "segment-edit",
    "segment-scores",
    "streak",
    "tax-thresholds",
)


def test_every_form_that_proposes_can_keep_a_draft(
    administrator: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    samples, client = make_samples(product_colleague), signed_in_as(administrator)
    for name in FORMS:
        text = client.get(reverse(name, kwargs=EXPECTED[name].arguments(samples))).content.decode()
        assert '<button class="btn btn-secondary" name="draft" value="yes">Keep as draft</button>' in text, name


def test_a_draft_waits_for_nobody_until_it_is_submitted(
    product: User, finance: User, finance_colleague: User, signed_in_as: SignIn
) -> None:
    cap = CapFactory()
    form = {"name": cap.name, "limit": "900.00", "at_the_cap": "refuse", "state": "on", "reason": "Less"}
    response = signed_in_as(product).post(reverse("edit-cap", args=[cap.pk]), form | {"draft": "yes"}, follow=True)
    assert b"Kept as a draft. A member of Finance who is not you decides it once you submit it." in response.content
    change = ChangeRequest.objects.get()
    assert (change.state, change.proposed["limit"]) == ("draft", "900.00")
    assert (waiting_count(finance), Notice.objects.count()) == (0, 0)
    assert AuditLine.objects.get(object_type="change").verb == "change_drafted"
    submit(change.pk, digest=change.digest, acting_user=product)
    assert (waiting_count(finance), Notice.objects.count()) == (1, 2)
    response = signed_in_as(product).post(reverse("edit-cap", args=[cap.pk]), form, follow=True)
    assert b"Proposed. A member of Finance who is not you decides it." in response.content
    assert ChangeRequest.objects.latest("id").state == "pending"


def test_even_the_owner_of_what_is_not_live_can_keep_a_draft(product: User) -> None:
    milestone = MilestoneFactory(status="draft")
    made = propose_or_apply("milestone", milestone.pk, {"count": 3}, "Later", as_draft=True, acting_user=product)
    assert made is not None
    milestone.refresh_from_db()
    assert (made.state, milestone.count) == ("draft", 1)
