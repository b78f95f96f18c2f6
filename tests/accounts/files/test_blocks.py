"""However a file falls into blocks, it reads as it does row by row."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.intake.files import reading
from accounts.intake.files.lines import Lines, careful_rows
from accounts.intake.files.reading import Block, Table

HEADER = b"a,b\n"
PARTS = st.sampled_from(
    [b"1,2\n", b"3,4\r\n", b"\n", b",\n", b'"x","y"\n', b'"two\r\nlines",z\n', b'"x ""y"" z",1\n', b'5" pipe,2\n']
    + [b'"open,2\n', b'"a"b,2\n', b"a\rb,2\n", b"a\0b,2\n", b"1\n", b"1,2,3\n", b"Zo\xeb,1\n", "Zoë,€\n".encode(), b'"']
)


def rows_of(blocks: Iterator[Block]) -> list[tuple[int, str, list[str], str]]:
    return [
        (line, text, cells, block.problems.get(place, ""))
        for block in blocks
        for place, (line, text, cells) in enumerate(zip(block.lines, block.texts, block.cells, strict=True))
    ]


@given(st.lists(PARTS, max_size=12), st.integers(1, 40))
def test_any_block_size_reads_the_same(parts: list[bytes], size: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "file.csv"
        path.write_bytes(HEADER + b"".join(parts))
        patch.setattr(reading, "BLOCK", size)
        with Table(path) as table:
            found, not_utf_8 = rows_of(table.blocks()), table.not_utf_8
            with path.open("rb") as stream:
                stream.seek(len(HEADER))
                lines = Lines(stream, 1)
                expected = [(row.line, row.text, row.cells, row.problem) for row in careful_rows(lines, ",")]

    assert [row[:3] for row in found] == [row[:3] for row in expected]
    assert [row[3] for row in found if len(row[2]) == 2 and "\0" not in row[1]] == [
        row[3] for row in expected if len(row[2]) == 2 and "\0" not in row[1]
    ]
    assert not_utf_8 == lines.not_utf_8


@pytest.mark.parametrize("size", [1, 10, 100, 1 << 19])
def test_the_text_of_a_row_gives_its_cells_back(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", size)
    path = tmp_path / "file.csv"
    path.write_bytes(b'a;b\n1;2\r\n"one\r\ntwo";"x ""y"" z"\n"a"b;2\n')

    with Table(path) as table:
        rows = rows_of(table.blocks())
        assert [table.cells_of(text) for _, text, _, _ in rows] == [cells for _, _, cells, _ in rows]
        assert [cells for _, _, cells, _ in rows] == [["1", "2"], ["one\r\ntwo", 'x "y" z'], ['"a"b;2']]


def test_a_part_of_a_block_keeps_the_problems_of_its_rows() -> None:
    block = Block([2, 3, 4], ["a", "b", "c"], [["a"], ["b"], ["c"]], {0: "first", 2: "third"})

    part = block.part(1, 3)

    assert (part.lines, part.texts, part.problems) == ([3, 4], ["b", "c"], {1: "third"})


def test_the_head_of_a_file_goes_over_as_many_blocks_as_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK", 8)
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n" + b"".join(b"%d\n" % n if n == 3 else b"%d,x\n" % n for n in range(9)))

    with Table(path) as table:
        head = table.head(5)

    assert ([cells[0] for cells in head.cells], list(head.lines)) == (["0", "1", "2", "3", "4"], [2, 3, 4, 5, 6])
    assert head.problems == {3: "The row has 1 columns, the header 2."}
