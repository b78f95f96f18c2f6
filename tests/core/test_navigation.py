"""Of the navigation, the one item that a page belongs to says so."""

from collections.abc import Callable

import pytest
from django.test import Client

from loyalty.core.people.models import User


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "here"),
    [("/", "home"), ("/offers/", "offers"), ("/offers/tasks/", "tasks"), ("/settings/people/", "settings")],
)
def test_one_item_is_where_one_is(path: str, here: str, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    groups = signed_in_as(cs).get(path).context["shell"]["nav"]
    assert [item["key"] for group in groups for item in group["items"] if item["active"]] == [here]
    assert not any(group["folded"] for group in groups if any(item["active"] for item in group["items"]))
