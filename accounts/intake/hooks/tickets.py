"""Tickets as the support desk tells them: put in by the same statement as the rows of files, with their turns."""

from collections.abc import Sequence

from accounts.intake.files import support
from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.values import moment
from accounts.sources.rules import Kind

FIELDS = (
    *(field for field in support.FIELDS if field.name != "reopened_at"),
    Field("turns", moment, "timestamptz[]", column="turns"),
)


def take(mapped: Sequence[Field]) -> str:
    return support.taking(mapped, FIELDS, {})


SHAPE = Shape(Kind.SUPPORT, "external_id", FIELDS, support.resolve(FIELDS), take, support.check)
