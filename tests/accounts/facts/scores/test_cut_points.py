"""Quintiles that are safe against ties, told as cut points: the published case, and any case.

The published case is the CDNOW sample (Fader and Hardie; 2,357 customers, purchases of 1997-01 to
1998-06): its counts of purchases, and the scores that minimum ranks give them. NTILE would split
its 1,218 customers of one purchase over three scores.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.scores.statement import TAKE, columns

# How many customers bought how often. The first six counts are published; what is known of the
# rest is only that there are 223 of them, who bought more often.
BOUGHT = {1: 1218, 2: 403, 3: 209, 4: 149, 5: 95, 6: 60, 7: 223}
SCORES = {1: 1218, 3: 403, 4: 358, 5: 378}


def scored(recency: Sequence[int | None], frequency: Sequence[int | None], money: Sequence[Decimal | None]) -> list:
    """The scores that the values get by their own cut points, as the facts statement would give them."""
    names = {"sign_in": "t.recency", "key_action": "t.recency", "key_actions": "t.frequency", "mrr": "t.money"}
    score = columns(**names, arr="NULL", day="NULL::date")
    statement = f"""
        WITH told AS (
            SELECT * FROM unnest(%(recency)s::int[], %(frequency)s::int[], %(money)s::numeric[])
                WITH ORDINALITY AS t(recency, frequency, money, place)
        ), taken AS (
            SELECT 'mrr' AS monetary, * FROM (WITH {TAKE.strip()}) AS x(recency, r, frequency, f, money, m)
        )
        SELECT {", ".join(score.values())}
        FROM told t CROSS JOIN taken q
        LEFT JOIN (SELECT NULL::date[] AS sinces, NULL::date[] AS untils, NULL::numeric[] AS mrrs) v ON true
        ORDER BY t.place
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"recency": list(recency), "frequency": list(frequency), "money": list(money)})
        return cursor.fetchall()


def by_minimum_rank(values: Sequence[Decimal | int | None]) -> list[int | None]:
    """score = 1 + floor(5 × (minrank − 1) / n), the slow and obvious way; unknown values have none."""
    known = [v for v in values if v is not None]
    return [None if v is None else 1 + 5 * sum(other < v for other in known) // len(known) for v in values]


counts = st.one_of(st.none(), st.integers(0, 40))


class AnyValues(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=60))
    def test_cut_points_say_what_minimum_ranks_say(self, told: list[tuple[int | None, ...]]) -> None:
        recency, frequency, money = (list(column) for column in zip(*told, strict=True))
        amounts = [None if m is None else Decimal(m) / 4 for m in money]
        found = scored(recency, frequency, amounts)
        backwards = [None if r is None else -r for r in recency]
        expected = zip(by_minimum_rank(backwards), by_minimum_rank(frequency), by_minimum_rank(amounts), strict=True)
        assert found == list(expected)

    def test_the_published_counts_of_purchases_score_as_published(self) -> None:
        bought = [times for times, customers in BOUGHT.items() for _ in range(customers)]
        found = scored(bought, bought, [Decimal(times) for times in bought])
        assert len(found) == 2357
        assert Counter(frequency for _, frequency, _ in found) == SCORES
        assert Counter(money for _, _, money in found) == SCORES
        assert {(times, score[1]) for times, score in zip(bought, found, strict=True)} == {
            (1, 1), (2, 3), (3, 4), (4, 4), (5, 5), (6, 5), (7, 5)
        }  # fmt: skip
