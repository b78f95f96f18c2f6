"""The times of the approval steps as data, changed by request."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.approvals.times import clean, impact
from rewards.approvals.timing import approval_settings
from tests.factories import OfferFactory

pytestmark = pytest.mark.django_db


def test_an_edit_is_a_request_that_a_colleague_decides(
    signed_in_as: Callable[[User], Client], cs: User, cs_colleague: User
) -> None:
    typed = {"due_working_days": "5", "remind_days": "2", "escalate_days": "1", "reason": "Holidays"}
    answer = signed_in_as(cs).post(reverse("approval-times"), typed)
    change = ChangeRequest.objects.get()
    assert answer["Location"] == reverse("change", args=[change.pk])
    assert approval_settings().due_working_days == 2
    approve(change.pk, digest=change.digest, acting_user=cs_colleague)
    now = approval_settings()
    assert (now.due_working_days, now.remind_days, now.escalate_days, now.version) == (5, 2, 1, 2)
    line = AuditLine.objects.get(verb="edited", object_type="approval_times")
    assert (line.before, line.reason) == (
        {"due_working_days": 2, "remind_days": 1, "escalate_days": 0, "version": 1},
        "Holidays",
    )
    assert "Nothing would change" in signed_in_as(cs).post(reverse("approval-times"), typed).content.decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"due_working_days": 0}, "1 to 20 working days"),
        ({"due_working_days": 21}, "1 to 20 working days"),
        ({"due_working_days": "soon"}, "whole working days"),
        ({"remind_days": 3}, "reminded first"),
        ({"escalate_days": 2}, "reminded first"),
    ],
)
def test_times_that_make_no_sense(values: dict[str, object], words: str) -> None:
    with pytest.raises(DomainError, match=words):
        clean(1, values)


def test_the_impact_says_whom_it_leaves_alone() -> None:
    OfferFactory()
    assert impact(1, {}) == [
        "1 undecided offer keeps the due time of the step that is open; the steps after it follow the change."
    ]
