"""Which column of a file is which field: by name, unless told otherwise."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.intake.files.shape import Field, Shape

LEAVE_OUT = "-"


class MappingProblem(ValueError):
    """The columns cannot be mapped; the text says why, and what can be said."""


@dataclass(frozen=True)
class Mapped:
    """Field → place of its column in a row, with the column's name for people."""

    field: Field
    place: int
    column: str


def map_columns(shape: Shape, header: Sequence[str], overrides: Mapping[str, str]) -> list[Mapped]:
    """The mapped fields in the order of the shape.

    `overrides` maps column names to field names, or to "-" for a column to
    leave out. Raises MappingProblem for unknown columns or fields, two columns
    for one field, or a required field without one.
    """
    mapped = likely_columns(shape, header, overrides)
    _check_complete(shape, mapped, header)
    return mapped


def likely_columns(shape: Shape, header: Sequence[str], overrides: Mapping[str, str]) -> list[Mapped]:
    """As `map_columns`, with whatever fields have a column; raises MappingProblem for what was told wrong."""
    places = _places(header)
    told = {_place_of(column, places, header): name for column, name in overrides.items()}
    for name in told.values():
        if name != LEAVE_OUT and shape.field_named(name) is None:
            known = ", ".join(f.name for f in shape.fields)
            raise MappingProblem(f"There is no field “{name}” for {shape.kind.value} files. The fields are: {known}.")
    twice = [name for name, times in Counter(told.values()).items() if times > 1 and name != LEAVE_OUT]
    if twice:
        raise MappingProblem(f"Two columns are mapped to the field “{twice[0]}”.")
    by_name = {name: place for place, name in told.items() if name != LEAVE_OUT}
    mapped: list[Mapped] = []
    taken = set(told)
    for field in shape.fields:
        place = by_name[field.name] if field.name in by_name else _guess(field, places, taken)
        if place is not None:
            taken.add(place)
            mapped.append(Mapped(field, place, header[place]))
    return mapped


def plain(name: str) -> str:
    """A column name for comparing: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _places(header: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        places.setdefault(plain(name), place)
    return places


def _place_of(column: str, places: Mapping[str, int], header: Sequence[str]) -> int:
    place = header.index(column) if column in header else places.get(plain(column))
    if place is None:
        raise MappingProblem(f"The file has no column “{column}”. It has: {', '.join(header)}.")
    return place


def _guess(field: Field, places: Mapping[str, int], taken: set[int]) -> int | None:
    names = (field.name, *field.aliases)
    return next((places[name] for name in names if name in places and places[name] not in taken), None)


def _check_complete(shape: Shape, mapped: Sequence[Mapped], header: Sequence[str]) -> None:
    found = {m.field.name for m in mapped}
    missing = [f.name for f in shape.fields if f.required and f.name not in found]
    missing += [name for told, names in shape.together.items() if told in found for name in names if name not in found]
    if missing:
        raise MappingProblem(
            f"No column was found for {', '.join(missing)}. Say which of these it is: {', '.join(header)}."
        )
    if shape.one_of and not found & set(shape.one_of):
        raise MappingProblem(f"One of {' and '.join(shape.one_of)} is needed; the file has: {', '.join(header)}.")
