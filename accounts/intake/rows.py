"""Events on their way into the statements that store them: in Python a tuple, in SQL the same columns.

They travel as JSON lists and not as objects: their names would be a third of
the text, written by us and read by the database anew for every event.
"""

from typing import Any, NamedTuple


class EventRow(NamedTuple):
    """One track, page or screen call as it was read. The order of the fields is that of COLUMNS.

    `occurred_at` is in seconds since 1970, as a float good to the microsecond;
    `is_dated`: the call told it itself; `seconds` how long it took, 0 when unknown.
    """

    position: int
    message_id: str
    group_id: str | None
    user_id: str | None
    name: str
    seconds: int
    occurred_at: float
    is_dated: bool
    properties: dict[str, Any]


COLUMNS = """
(r ->> 0)::integer AS position, r ->> 1 AS message_id, r ->> 2 AS group_id, r ->> 3 AS user_id, r ->> 4 AS name,
(r ->> 5)::integer AS seconds, to_timestamp((r ->> 6)::double precision) AS occurred_at, (r ->> 7)::boolean AS is_dated,
r -> 8 AS properties
"""
"""What a statement selects from `jsonb_array_elements(rows) AS r`."""
