"""A ticket is closed when it is solved: what comes later, or again, or in another order, does not move that."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.intake.hooks import lasting, zendesk
from accounts.intake.hooks.rules import Lasting, Record, RecordType, Told
from accounts.intake.hooks.turns import news_of
from accounts.intake.hooks.verbs import take_in_records
from accounts.records.models import Ticket
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from tests.factories import AccountFactory

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
Word = tuple[int, bool, bool]


def day(number: int) -> datetime:
    return MARCH + timedelta(days=number - 1)


def ticket(at: int, status: str, previous: str = "", change: str = "") -> dict[str, Any]:
    """A ticket as a trigger sends it; with `previous`, the event that the status changed, else that of a `change`."""
    told = {
        "id": 7,
        "created_at": day(1).isoformat(),
        "updated_at": day(at).isoformat(),
        "organization_id": 66,
        "status": status,
    }
    if not previous and not change:
        return {"ticket": told}
    return {
        "type": f"zen:event-type:ticket.{change or 'status_changed'}",
        "detail": told,
        "event": {"current": status, "previous": previous} if previous else {},
    }


@pytest.fixture
def sender(desk: Source) -> Sender:
    AccountFactory(external_id="66")
    return Sender(desk.pk, desk.name, frozenset({Kind.SUPPORT}), is_heard=False)


def closed_after(sender: Sender, bodies: Iterable[dict[str, Any]]) -> datetime | None:
    """When the ticket was closed, after these bodies one after the other."""
    Ticket.objects.all().delete()
    for body in bodies:
        take_in_records(sender, zendesk.read(body, NOW), webhook_id=None, body=body, now=NOW)
    return Ticket.objects.get().closed_at


@pytest.mark.django_db
def test_a_solved_ticket_that_is_closed_later_was_closed_when_it_was_solved(sender: Sender) -> None:
    bodies = [ticket(2, "OPEN", "NEW"), ticket(3, "SOLVED", "OPEN"), ticket(7, "CLOSED", "SOLVED")]
    assert {closed_after(sender, order) for order in permutations(bodies)} == {day(3)}


@pytest.mark.django_db
def test_a_rating_or_tag_afterwards_moves_nothing(sender: Sender) -> None:
    bodies = [ticket(2, "open"), ticket(3, "solved"), ticket(13, "solved"), ticket(14, "closed")]
    assert {closed_after(sender, order) for order in permutations(bodies)} == {day(3)}


@pytest.mark.django_db
def test_a_reopening_counts_from_the_next_time_that_it_is_solved(sender: Sender) -> None:
    reopened = [ticket(3, "SOLVED", "OPEN"), ticket(5, "OPEN", "SOLVED"), ticket(6, "open")]
    assert {closed_after(sender, order) for order in permutations(reopened)} == {None}
    again = [ticket(3, "solved"), ticket(5, "open"), ticket(8, "solved"), ticket(9, "closed")]
    assert {closed_after(sender, order) for order in permutations(again)} == {day(8)}
    # The reopening was never told: that it was open just before the second time says enough.
    unsaid = [ticket(3, "SOLVED", "OPEN"), ticket(8, "SOLVED", "OPEN"), ticket(12, "CLOSED", "SOLVED")]
    assert {closed_after(sender, order) for order in permutations(unsaid)} == {day(8)}


@pytest.mark.django_db
@pytest.mark.parametrize("gone", ["marked_as_spam", "soft_deleted", "permanently_deleted"])
def test_spam_and_what_was_deleted_is_closed_until_it_is_restored(sender: Sender, gone: str) -> None:
    never_solved = [
        ticket(4, "OPEN", "NEW"),
        ticket(6, "OPEN", change=gone),
        ticket(9, "DELETED", change="soft_deleted"),
    ]
    assert {closed_after(sender, [ticket(2, "new"), *order]) for order in permutations(never_solved)} == {day(6)}
    solved_before = [ticket(3, "SOLVED", "OPEN"), ticket(6, "SOLVED", change=gone)]
    assert closed_after(sender, [ticket(2, "new"), *solved_before]) == day(3)
    restored = [ticket(6, "NEW", change=gone), ticket(8, "NEW", change="undeleted")]
    assert {closed_after(sender, [ticket(2, "new"), *order]) for order in permutations(restored)} == {None}


@pytest.mark.django_db
def test_spam_that_nobody_knew_of_makes_no_ticket(sender: Sender) -> None:
    body = ticket(6, "NEW", change="marked_as_spam")
    answer = take_in_records(sender, zendesk.read(body, NOW), webhook_id=None, body=body, now=NOW)
    assert ([refused["code"] for refused in answer["refused"]], Ticket.objects.count()) == (["incomplete"], 0)


@pytest.mark.django_db
def test_what_a_file_told_stands_as_the_first_word(sender: Sender) -> None:
    closed_after(sender, [ticket(2, "open")])
    Ticket.objects.update(closed_at=day(3))
    for body in (ticket(2, "open"), ticket(13, "solved")):
        take_in_records(sender, zendesk.read(body, NOW), webhook_id=None, body=body, now=NOW)
    assert Ticket.objects.get().closed_at == day(3)


words = st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), min_size=1, max_size=7)


def stands_after(said: Iterable[Word]) -> dict[str, Any]:
    """What the fields hold after these words, one after the other."""
    told: Told = {}
    values: dict[str, Any] = {}
    for at, is_so, began in said:
        how = Lasting(is_so or None, began and is_so)
        record = Record(0, RecordType.TICKET, "7", day(at), {}, None, {"closed_at": how})
        settled, newer = news_of(record, told, values, b"key")
        told |= newer
        values |= {name: settled.fields[name] for name in newer if name in settled.fields}
    return values


def is_closed(stands: dict[str, Any], at: datetime) -> bool:
    """As the facts count it, at the end of that moment."""
    turns = [turn for turn in stands.get("turns") or [] if turn <= at]
    return len(turns) % 2 == 1 or (stands["closed_at"] is not None and stands["closed_at"] <= at)


@given(words, st.randoms())
def test_any_order_and_any_repetition_come_to_the_same_moments(said: list[Word], random: Any) -> None:
    again = said + random.sample(said, len(said) // 2)
    random.shuffle(again)
    otherwise = max((at for at, is_so, began in said if began or not is_so), default=0)
    since = [day(at) for at, is_so, _ in said if is_so and at >= otherwise]
    assert stands_after(again) == stands_after(said)
    assert stands_after(said)["closed_at"] == min(since, default=None)


@given(words)
def test_no_later_word_changes_what_was_so_on_a_day(said: list[Word]) -> None:
    stands = stands_after(said)
    for number in range(1, 7):
        by_then = [word for word in said if word[0] <= number]
        assert is_closed(stands, day(number)) == (bool(by_then) and is_closed(stands_after(by_then), day(number)))


@given(words)
def test_words_that_told_nothing_new_may_go(said: list[Word]) -> None:
    kept: list[lasting.Word] = []
    with patch.object(lasting, "MOST_WORDS", 1):
        for at, is_so, began in sorted(said):
            kept = lasting.with_word(kept, lasting.Word(day(at), "so" if is_so else "", began and is_so))
    whole = [lasting.Word(day(at), "so" if is_so else "", began and is_so) for at, is_so, began in said]
    assert lasting.runs_of(kept) == lasting.runs_of(whole)
    assert [lasting.Word.read(str(word)) for word in kept] == kept


def test_who_tells_the_moment_itself_has_the_last_word() -> None:
    def said(at: int, told: Told, stands: int | None, since: int | None = None) -> tuple[Any, Told]:
        how = {"closed_at": Lasting(so=True, since=day(since) if since else None)}
        record = Record(0, RecordType.TICKET, "7", day(at), {}, None, how)
        settled, newer = news_of(record, told, {"closed_at": day(stands) if stands else None}, b"key")
        return settled.fields["closed_at"], told | newer

    _, told = said(3, {}, None)
    moment, told = said(6, told, 3, since=5)
    assert moment == day(5)
    assert said(4, told, 5)[0] == day(5)
    assert said(9, told, 5)[0] == day(5)
    assert said(9, told, None)[0] == day(9)
    # A file took it away: what is older than what was told until then does not count.
    assert said(5, told, None)[0] is None
