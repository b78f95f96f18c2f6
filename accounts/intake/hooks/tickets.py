"""Tickets as the support desk tells them: put in by the statement of files, with all their turns and ratings."""

from collections.abc import Sequence

from accounts.intake.files import support
from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.values import moment, score
from accounts.sources.rules import Kind

FIELDS = (
    *(field for field in support.FIELDS if field.name not in ("reopened_at", "rated_at")),
    Field("turns", moment, "timestamptz[]", column="turns"),
    Field("rated_at", moment, "timestamptz", column="rated_at"),
    Field("former_scores", score(1, 5), "numeric[]", column="former_scores"),
    Field("former_rated_at", moment, "timestamptz[]", column="former_rated_at"),
)


def take(mapped: Sequence[Field]) -> str:
    return support.taking(mapped, FIELDS, {})


SHAPE = Shape(Kind.SUPPORT, "external_id", FIELDS, support.resolve(FIELDS), take, support.check)
