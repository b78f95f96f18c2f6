"""Statements prepared on the server, with parameters by name."""

import pytest
from django.db import DataError, connection, transaction

from loyalty.core.prepared import run_prepared

pytestmark = pytest.mark.django_db


def test_a_name_may_stand_twice_and_a_percent_sign_is_written_twice() -> None:
    statement = "SELECT %(a)s::int - %(b)s::int, %(a)s::int * 2, 'abc' LIKE 'a%%', %(b)s::text || '%%(a)s'"
    assert run_prepared(statement, {"a": 5, "b": "3", "left": "out"}) == [(2, 10, True, "3%(a)s")]


def test_it_is_prepared_once_on_the_connection() -> None:
    for number in range(3):
        assert run_prepared("SELECT %(n)s::bigint AS of_this_test", {"n": number}) == [(number,)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%$1::bigint AS of_this_test'"
        )
        assert cursor.fetchone() == (1,)


def test_a_missing_name_and_a_wrong_value() -> None:
    with pytest.raises(KeyError):
        run_prepared("SELECT %(a)s", {})
    with pytest.raises(DataError), transaction.atomic():
        run_prepared("SELECT 1 / %(zero)s::int", {"zero": 0})
