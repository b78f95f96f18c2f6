"""Offered against held out, without a database."""

import pytest

from rewards.campaigns.rules.lift import Group, lift


def test_the_interval_is_the_published_one() -> None:
    """Newcombe (1998), table II, method 10: 56 of 70 against 48 of 80, and 9 of 10 against 3 of 10."""
    found = lift(Group(70, 56), Group(80, 48))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    found = lift(Group(10, 9), Group(10, 3))
    assert (round(found.low, 4), round(found.high, 4)) == (0.1705, 0.8090)
    assert (found.why_not, found.points, found.interval) == ("", "+60.0", "+17.1 and +80.9")


@pytest.mark.parametrize(
    ("offered", "held_out", "says"),
    [
        (Group(0, 0), Group(12, 12), "no paying account was offered anything"),
        (Group(12, 12), Group(0, 0), "no paying account was held out"),
        (Group(40, 40), Group(9, 0), "each group needs at least 10 accounts"),
        (Group(40, 40), Group(12, 12), "every account of either group still pays, so there is nothing to compare"),
        (Group(40, 0), Group(12, 0), "no account of either group still pays, so there is nothing to compare"),
        (Group(40, 36), Group(12, 10), "the difference may as well be none or the other way round"),
    ],
)
def test_what_cannot_be_told_is_said(offered: Group, held_out: Group, says: str) -> None:
    found = lift(offered, held_out)
    assert found.why_not == says
    assert found.low < found.high
