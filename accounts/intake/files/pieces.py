"""A file as COPY takes it: pieces of some thousand rows, and where a chunk of them ends."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from accounts.intake.files.columns import Columns
from accounts.intake.files.reading import Block


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows: as COPY takes them, how many they are, the line of the last, and whether a chunk ends with it."""

    copied: bytes
    rows: int
    last_line: int
    ends_chunk: bool


def pieces_of(blocks: Iterable[Block], columns: Columns, chunk: int) -> Iterator[Piece]:
    """The rows of the blocks in pieces, of which each chunk holds exactly `chunk` rows, the last one fewer."""
    left = chunk
    for block in blocks:
        start = 0
        while start < len(block):
            part = block.part(start, start + left)
            start, left = start + len(part), left - len(part) or chunk
            yield Piece(columns.copied(part), len(part), part.lines[-1], left == chunk)


def chunks_of(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """The pieces a chunk at a time; take all of one before the next is asked for."""
    for first in pieces:
        yield _chunk(first, pieces)


def _chunk(first: Piece, pieces: Iterator[Piece]) -> Iterator[Piece]:
    piece: Piece | None = first
    while piece:
        yield piece
        piece = None if piece.ends_chunk else next(pieces, None)


def behind(line: int, blocks: Iterator[Block], before: Callable[[Iterator[Block]], None]) -> Iterator[Block]:
    """The rows behind a line; those up to it are given to `before`, which takes them all."""
    rest: list[Block] = []

    def up_to() -> Iterator[Block]:
        for block in blocks:
            place = bisect_right(block.lines, line)
            yield block.part(0, place)
            if place < len(block):
                rest.append(block.part(place, len(block)))
                return

    before(up_to())
    return chain(rest, blocks)
