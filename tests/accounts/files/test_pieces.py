"""A file cut into pieces and chunks, made ahead of whoever takes them."""

from collections.abc import Iterator
from threading import Event, active_count

import pytest

from accounts.intake.files.ahead import made_ahead
from accounts.intake.files.columns import Columns
from accounts.intake.files.mapping import map_columns
from accounts.intake.files.pieces import behind, chunks_of, pieces_of
from accounts.intake.files.reading import Block
from accounts.intake.files.shapes import SHAPES
from accounts.sources.rules import Kind

HEADER = ["account_id", "account_name", "signup_date"]


def block(first: int, count: int, *, name: str = "Acme", day: str = "2026-01-05") -> Block:
    rows = [[f"A-{n}", name, day] for n in range(first, first + count)]
    return Block(range(first, first + count), [",".join(row) for row in rows], rows)


def columns(kind: Kind = Kind.ACCOUNT, header: list[str] = HEADER) -> Columns:
    return Columns(SHAPES[kind], map_columns(SHAPES[kind], header, {}))


def test_chunks_hold_exactly_as_many_rows_as_they_should() -> None:
    pieces = pieces_of([block(2, 3), block(5, 5), block(10, 2)], columns(), 4)

    assert [[(p.rows, p.last_line) for p in chunk] for chunk in chunks_of(pieces)] == [
        [(3, 4), (1, 5)],
        [(4, 9)],
        [(2, 11)],
    ]


def test_what_lies_before_a_line_is_given_away() -> None:
    before: list[int] = []

    rest = behind(
        6, iter([block(2, 3), block(5, 5), block(10, 1)]), lambda b: before.extend(n for x in b for n in x.lines)
    )

    assert before == [2, 3, 4, 5, 6]
    assert [list(found.lines) for found in rest] == [[7, 8, 9], [10]]


def test_rows_for_copy_have_their_values_or_their_reason() -> None:
    copied = columns().copied(block(2, 1, name=" Back\\slash\tand tab ", day="soon"))

    assert columns().names == ("line", "raw", "external_id", "name", "signed_up_on", "reason")
    assert copied.decode() == (
        "2\tA-2, Back\\\\slash\\tand tab ,soon\t\t\t\tsignup_date “soon” is not a day such as 2026-11-14.\n"
    )
    good = columns().copied(block(3, 1, name=" Back\\slash\tand tab "))
    assert good.decode() == "3\tA-3, Back\\\\slash\\tand tab ,2026-01-05\tA-3\tBack\\\\slash\\tand tab\t2026-01-05\t\n"


@pytest.mark.parametrize(
    ("cell", "copied"),
    [
        ("2026-02-01 10:00:00", "2026-02-01 10:00:00"),
        ("2026-02-01T10:00:00.5Z", "2026-02-01T10:00:00.5Z"),
        ("2026-02-01T10:00:00+02:00", "2026-02-01 08:00:00+00:00"),
        ("20260201", "2026-02-01 00:00:00+00:00"),
    ],
)
def test_moments_are_copied_as_they_stand_only_where_that_is_the_same(cell: str, copied: str) -> None:
    header = ["id", "account", "event", "time"]
    row = ["E-1", "A-1", "search", cell]

    told = columns(Kind.USAGE, header).copied(Block([2], [",".join(row)], [row])).decode().split("\t")

    assert told[5] == copied


def test_the_first_problem_of_a_row_is_told() -> None:
    row = ["", "", "soon"]

    told = columns().copied(Block([2], [",".join(row)], [row])).decode().rstrip("\n").split("\t")

    assert told[2:] == ["", "", "", "account_id is empty."]


def test_things_made_ahead_come_in_their_order() -> None:
    with made_ahead(iter(range(100)), 3) as made:
        assert list(made) == list(range(100))


def test_no_more_is_made_than_there_is_room_for() -> None:
    begun: list[int] = []
    third = Event()

    def things() -> Iterator[int]:
        for n in range(10):
            begun.append(n)
            if n == 2:
                third.set()
            yield n

    with made_ahead(things(), 2) as made:
        assert third.wait(10)
        assert next(made) == 0
    assert len(begun) <= 4


def test_an_error_is_raised_where_the_things_are_taken_and_the_thread_ends() -> None:
    def things() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    before = active_count()
    with pytest.raises(ZeroDivisionError), made_ahead(things(), 5) as made:
        list(made)
    assert active_count() == before


def test_whoever_stops_taking_leaves_no_thread_behind() -> None:
    before = active_count()
    with made_ahead(iter(range(1000)), 1) as made:
        next(made)
    assert active_count() == before
