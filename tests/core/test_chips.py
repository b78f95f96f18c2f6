"""Filters in the URL."""

import pytest
from django.http import QueryDict

from loyalty.core.chips import address, chip, chosen, id_in


@pytest.mark.parametrize(
    ("query", "found"),
    [("open=12", 12), ("open=", 0), ("", 0), ("open=-1", 0), ("open=1.5", 0), (f"open={'9' * 5000}", 0)],
)
def test_an_id_or_nothing(query: str, found: int) -> None:
    assert id_in(QueryDict(query), "open") == found


@pytest.mark.parametrize(("query", "value"), [("view=open", "open"), ("view=%00", ""), ("view=other", ""), ("", "")])
def test_only_what_was_offered_is_chosen(query: str, value: str) -> None:
    assert chosen(QueryDict(query), "view", ["open", "closed"]) == value


def test_a_change_of_filter_leaves_the_place_in_the_list() -> None:
    query = QueryDict("view=open&open=3&after=abc&q=a%26b")
    assert address(query, view="closed") == "?q=a%26b&view=closed"
    assert address(query, q="") == "?view=open"


def test_a_chip_turns_its_filter_over() -> None:
    off = chip(QueryDict("view=open"), "status", "live", "Live")
    assert (off.active, off.url) == (False, "?view=open&status=live")
    on = chip(QueryDict("view=open&status=live"), "status", "live", "Live")
    assert (on.active, on.url) == (True, "?view=open")
