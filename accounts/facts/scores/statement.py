"""Scores in SQL: their columns in the facts statement, and how cut points are taken from many values.

Both stand on one definition of each measure. `LTV` is what the account paid so
far: the MRR of each span times its days, over the days of a mean month.
"""

MEAN_MONTH = "30.4375"  # 365.25 days / 12

CUTS = """
cuts AS MATERIALIZED (
    SELECT held.*, coalesce(lead(from_day) OVER (ORDER BY from_day), 'infinity') AS until
    FROM (SELECT DISTINCT ON (from_day) from_day, monetary, recency, frequency, money
          FROM accounts_scorecuts ORDER BY from_day, id DESC) AS held
)
"""

_WORTH = """
worth AS MATERIALIZED (
    SELECT account_id, array_agg(since) AS sinces, array_agg(coalesce(until, 'infinity')) AS untils,
           array_agg(CASE WHEN is_trial THEN 0 WHEN currency = %(currency)s THEN mrr END) AS mrrs
    FROM spans
    WHERE (until IS NULL OR since < until) AND {is_asked}
    GROUP BY account_id
)
"""
# Nobody's spans are gathered unless a score asks for them.
WORTH = _WORTH.format(is_asked="EXISTS (SELECT FROM cuts WHERE monetary = 'ltv')")
WORTH_OF_ALL = _WORTH.format(is_asked="true")


def ltv(day: str) -> str:
    """LTV at the end of a day; `v` is the row of `worth`. Unknown as soon as a part of it is unknown."""
    return f"""
    (SELECT CASE WHEN count(*) = count(s.mrr) THEN
                 round(sum(s.mrr * (least(s.until, {day} + 1) - s.since)) / {MEAN_MONTH}, 2) END
     FROM unnest(v.sinces, v.untils, v.mrrs) AS s(since, until, mrr) WHERE s.since <= {day})
    """


def columns(*, sign_in: str, key_action: str, key_actions: str, mrr: str, arr: str, day: str) -> dict[str, str]:
    """Column of the facts → its score, from the expressions of the facts; `q` is the row of `cuts`, null for none."""
    money = f"CASE q.monetary WHEN 'mrr' THEN {mrr} WHEN 'arr' THEN {arr} WHEN 'ltv' THEN {ltv(day)} END"
    return {
        "recency_score": f"1 + cardinality(q.recency) - width_bucket(least({sign_in}, {key_action}) - 1, q.recency)",
        "frequency_score": f"1 + width_bucket(({key_actions})::int, q.frequency)",
        "monetary_score": f"1 + width_bucket(({money})::numeric, q.money)",
    }


def _ranked(measure: str, order: str) -> str:
    return f"""
    {measure}_ranked AS MATERIALIZED (
        SELECT {measure} AS value, rank() OVER (ORDER BY {measure} {order}) - 1 AS below, count(*) OVER () AS n
        FROM told WHERE {measure} IS NOT NULL
    )"""


def _points(measure: str, edge: str, order: str) -> str:
    """The cut points upwards; a quintile that no value reaches has none. Null when nobody is known."""
    return f"""
    CASE WHEN EXISTS (SELECT FROM {measure}_ranked) THEN ARRAY(
        SELECT {edge}(value) FROM {measure}_ranked, generate_series(1, 4) AS k
        WHERE 5 * below >= k * n GROUP BY k ORDER BY k {order}) END
    """


# `told` has a row an account, with recency, frequency and money. The most recent is the best.
TAKE = f"""
{_ranked("recency", "DESC")},
{_ranked("frequency", "ASC")},
{_ranked("money", "ASC")}
SELECT {_points("recency", "max", "DESC")}, (SELECT count(*) FROM recency_ranked),
       {_points("frequency", "min", "ASC")}, (SELECT count(*) FROM frequency_ranked),
       {_points("money", "min", "ASC")}, (SELECT count(*) FROM money_ranked)
"""
