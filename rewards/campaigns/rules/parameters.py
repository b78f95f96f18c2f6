"""The parameters of triggers: what each may be, and reading them from JSON with every fault named."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.conditions.rules.reading import Fault


class Shape(StrEnum):
    """How a parameter is asked for."""

    WHOLE = "whole"
    CHOICE = "choice"
    OBJECT = "object"


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    WHOLE: a whole number from `least` to `most`. CHOICE: one of `choices`, as
    (value, label). OBJECT: the key of one of the objects of the kind `of`, such
    as a milestone; an optional one may be empty, which means any.
    """

    name: str
    label: str
    shape: Shape
    default: int | str | None = None
    least: int = 1
    most: int = 3650
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    of: str = ""
    is_optional: bool = False

    def read(self, raw: Any, names: Mapping[str, str]) -> tuple[int | str | None, str]:
        """The value, and what is wrong with it ("" when nothing is); `names` are the known objects by key."""
        if self.shape is Shape.WHOLE:
            return self._whole(raw)
        if self.shape is Shape.CHOICE:
            known = {value for value, _ in self.choices}
            return (str(raw), "") if raw in known else (None, f"{self.label}: choose one of the values.")
        if raw in (None, "") and self.is_optional:
            return None, ""
        if raw in names:
            return str(raw), ""
        missing = f"There is no {self.of} “{raw}”." if raw else f"Choose a {self.of}."
        return None, missing

    def _whole(self, raw: Any) -> tuple[int | None, str]:
        if isinstance(raw, str) and raw.strip().isdecimal() and len(raw) < 10:
            raw = int(raw)
        if not isinstance(raw, int) or isinstance(raw, bool) or not self.least <= raw <= self.most:
            return None, f"{self.label} is a whole number from {self.least:,} to {self.most:,}."
        return raw, ""


Names = Mapping[str, Mapping[str, str]]
"""Kind of object (milestone, segment, …) → key → name."""


def read_parameters(
    parameters: tuple[Parameter, ...], raw: Mapping[str, Any], names: Names, faults: list[Fault]
) -> dict[str, Any]:
    """Complete values, defaults filled in; what is wrong goes to `faults`, placed below `trigger`."""
    for stranger in sorted(set(raw) - {p.name for p in parameters} - {"kind"}):
        faults.append(Fault(f"trigger.{stranger}", f"This trigger has no “{stranger}”."))
    values: dict[str, Any] = {}
    for parameter in parameters:
        given = raw.get(parameter.name, parameter.default)
        values[parameter.name], says = parameter.read(given, names.get(parameter.of, {}))
        if says:
            faults.append(Fault(f"trigger.{parameter.name}", says))
    return values
