"""What a file of one kind of data may hold: its fields, and the SQL that takes its rows in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.intake.files.values import Reader
from accounts.sources.rules import Kind


@dataclass(frozen=True)
class Field:
    """One field: how its cells are read, and which column names mean it.

    `column` is that of the table it ends in; `empty` is the SQL for what an
    empty or missing cell becomes there.
    """

    name: str
    read: Reader
    sql_type: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    column: str = ""
    empty: str = "NULL"


def nothing_wrong(row: Mapping[str, Any]) -> str | None:
    """A row whose cells can be read is right as a whole."""
    return None


def nothing_more(parameters: dict[str, Any]) -> int:
    """The statements take all rows in."""
    return 0


@dataclass(frozen=True)
class Shape:
    """The shape of the files of one kind.

    `check` says what is wrong with a row as a whole. `prepare`, `resolve`,
    `stored` and `take` are SQL over the staged rows (see `staging.py`); `then`
    takes in what no statement can, and returns how many rows were new.

    A file needs one of the fields `one_of`; where it has a field of `together`,
    it needs those that this names too. `id_sql` tells a row's id over a staged
    row, from the fields `id_from`, where it is more than the id field.
    """

    kind: Kind
    id_field: str
    fields: tuple[Field, ...]
    resolve: str
    take: Callable[[Sequence[Field]], str]
    check: Callable[[Mapping[str, Any]], str | None] = nothing_wrong
    prepare: Callable[[Sequence[Field]], str] = lambda mapped: ""
    stored: str = ""
    then: Callable[[dict[str, Any]], int] = nothing_more
    one_of: tuple[str, ...] = ()
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    id_from: tuple[str, ...] = ()
    id_sql: str = ""
    marks_flag: str = ""
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({f.name: f for f in self.fields})

    def field_named(self, name: str) -> Field | None:
        return self._by_name.get(name)
