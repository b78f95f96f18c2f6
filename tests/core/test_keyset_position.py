"""A position in a list that somebody made up is the first page, never an error."""

import base64
import json
from typing import Any

import pytest
from django.http import QueryDict

from accounts.milestones.models import Milestone
from loyalty.core.keyset import page_of
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.django_db


def position(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "made_up",
    [
        "",
        "%%%",
        "W10=",
        position({"name": "A"}),
        position(["A"]),
        position(["A", "x"]),
        position(["A", [1]]),
        position(["A", {"b": 1}]),
        position(["A", None]),
        position(["A\x00", 1]),
        position(["A\ud800", 1]),
    ],
)
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_made_up_position(side: str, made_up: str) -> None:
    made = [MilestoneFactory(name=name) for name in "AB"]
    query = QueryDict(mutable=True)
    query[side] = made_up
    page = page_of(Milestone.objects.all(), ["name", "id"], query)
    assert page.rows == made


def test_a_position_beyond_every_number() -> None:
    MilestoneFactory(name="A")
    page = page_of(Milestone.objects.all(), ["name", "id"], QueryDict(f"after={position(['B', 10**30])}"))
    assert page.rows == []
