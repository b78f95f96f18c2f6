"""Rows out of files in any condition."""

from pathlib import Path

import pytest

from accounts.intake.files.lines import LONGEST_LINE, NO_CLOSING_QUOTE, STRAY_RETURN, WRONG_QUOTES
from accounts.intake.files.reading import FileProblem, Table


def read(folder: Path, content: bytes) -> tuple[list[str], list[tuple[int, list[str], str]], int]:
    path = folder / "file.csv"
    path.write_bytes(content)
    with Table(path) as table:
        rows = [
            (line, cells, block.problems.get(place, ""))
            for block in table.blocks()
            for place, (line, cells) in enumerate(zip(block.lines, block.cells, strict=True))
        ]
        return table.header, rows, table.not_utf_8


@pytest.mark.parametrize(
    ("case", "content"),
    [
        ("plain", b"a,b\n1,2\n3,4\n"),
        ("byte order mark", b"\xef\xbb\xbfa,b\n1,2\n3,4\n"),
        ("CRLF", b"a,b\r\n1,2\r\n3,4\r\n"),
        ("no end of line at the end", b"a,b\n1,2\n3,4"),
        ("semicolons", b"a;b\n1;2\n3;4\n"),
        ("tabs", b"a\tb\n1\t2\n3\t4\n"),
        ("quotes", b'"a","b"\n"1","2"\n"3","4"\n'),
        ("spaces around names", b" a , b \n1,2\n3,4\n"),
    ],
)
def test_the_usual_forms(tmp_path: Path, case: str, content: bytes) -> None:
    assert read(tmp_path, content) == (["a", "b"], [(2, ["1", "2"], ""), (3, ["3", "4"], "")], 0)


def test_quoted_line_ends_belong_to_the_cell_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    content = b'a,b\r\n"one\r\ntwo","x ""y"" z"\r\n3,4\r\n'

    assert read(tmp_path, content)[1] == [(2, ["one\r\ntwo", 'x "y" z'], ""), (4, ["3", "4"], "")]


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n\n1,2\n,\n\n")[1] == [(3, ["1", "2"], "")]


def test_lines_that_are_not_utf_8_are_windows_1252_each_for_itself(tmp_path: Path) -> None:
    content = b"a,b\n" + "Zoë,€\n".encode() + "Zoë,€\n".encode("cp1252") + b"plain,x\n"

    header, rows, not_utf_8 = read(tmp_path, content)

    assert [cells for _, cells, _ in rows] == [["Zoë", "€"], ["Zoë", "€"], ["plain", "x"]]
    assert not_utf_8 == 1


def test_ragged_rows_say_how_many_columns_they_have(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1\n1,2,3\n1,2\n")[1]

    assert [problem for _, _, problem in rows] == [
        "The row has 1 columns, the header 2.",
        "The row has 3 columns, the header 2.",
        "",
    ]


@pytest.mark.parametrize(
    ("case", "bad", "reason"),
    [
        ("never closes", b'"open,2', NO_CLOSING_QUOTE),
        ("text behind the quote", b'"a"b,2', WRONG_QUOTES),
        ("carriage return", b"a\rb,2", STRAY_RETURN),
        ("NUL", b"a\x00b,2", "The row holds a NUL character."),
    ],
)
def test_a_row_that_cannot_be_read_costs_only_itself(tmp_path: Path, case: str, bad: bytes, reason: str) -> None:
    rows = read(tmp_path, b"a,b\n1,2\n" + bad + b"\n3,4\n5,6\n")[1]

    assert [(line, problem) for line, _, problem in rows] == [(2, ""), (3, reason), (4, ""), (5, "")]


def test_a_quote_that_closes_in_a_later_row_costs_only_its_own(tmp_path: Path) -> None:
    rows = read(tmp_path, b'a,b\n"open,2\n3,"four"\n5,6\n')[1]

    assert [(line, cells, problem) for line, cells, problem in rows if not problem] == [
        (3, ["3", "four"], ""),
        (4, ["5", "6"], ""),
    ]


def test_an_endless_line_is_cut_and_the_next_is_read(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1," + b"x" * (3 * LONGEST_LINE) + b"\n3,4\n")[1]

    assert [(line, problem) for line, _, problem in rows] == [(2, NO_CLOSING_QUOTE), (3, "")]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,a (2),a,,a,\n")[0] == ["a", "a (2)", "a (3)", "", "a (4)", "(2)"]


@pytest.mark.parametrize("content", [b"", b"\n", b'"open\n', b"a,b\0c\n1,2\n", "a,b\n1,2\n".encode("utf-16")])
def test_a_file_without_readable_column_names_is_refused_as_a_whole(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileProblem):
        read(tmp_path, content)
