"""Events come out of the statements' list as they went in."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from accounts.intake.rows import COLUMNS, EventRow
from accounts.intake.storable import as_text
from loyalty.core.prepared import run_prepared

READ = f"SELECT {COLUMNS} FROM jsonb_array_elements(%(rows)s::jsonb) AS r"


@pytest.mark.django_db
def test_every_column_and_every_microsecond_survives() -> None:
    chance = random.Random(3)
    first, span = datetime(2001, 1, 1, tzinfo=UTC), 80 * 365 * 86_400 * 1_000_000
    moments = [first + timedelta(microseconds=chance.randrange(span)) for _ in range(5_000)]
    rows = [
        EventRow(
            i, f"m{i}", None if i % 3 else "acme", "anna", "Ünïcode “name”", i % 86_401, m.timestamp(), i % 2 == 0, {}
        )
        for i, m in enumerate(moments)
    ]
    found = run_prepared(READ, {"rows": as_text(rows)})
    wanted = [(*row[:6], moment, row.is_dated, "{}") for row, moment in zip(rows, moments, strict=True)]
    assert found == wanted
