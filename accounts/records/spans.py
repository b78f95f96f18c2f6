"""The dated terms of subscriptions as SQL: for which days each term was in force."""

# A span is a term on the days [since, until). The first term holds from the start of the
# subscription, because nothing earlier was told. A renewal that a term had told, and that has
# passed when the next is told, began a new contract: `agreed_on` is the start of the contract.
# What stands off a whole customer comes off the MRR that the term tells, on the days that it stands.
_SPANS = """
dated AS (
    SELECT s.account_id, s.id AS subscription_id, s.external_id, s.starts_on, t.plan, t.billing_frequency, t.seats,
           t.mrr, t.currency, t.is_trial, t.is_paused, t.renews_on, t.ends_on, t.is_cancelling, t.discounts_of,
           t.from_day,
           CASE WHEN lag(t.from_day) OVER mine IS NULL THEN s.starts_on
                ELSE greatest(t.from_day, s.starts_on) END AS since,
           least(lead(t.from_day) OVER mine, t.ends_on) AS until,
           CASE WHEN lag(t.renews_on) OVER mine <= t.from_day THEN lag(t.renews_on) OVER mine END AS renewed_on
    FROM {subscriptions} s
    JOIN accounts_subscriptionterm t ON t.subscription_id = s.id
    WINDOW mine AS (PARTITION BY s.id ORDER BY t.from_day)
),
agreeing AS (
    SELECT d.*, coalesce(
        max(d.renewed_on) OVER (PARTITION BY d.subscription_id ORDER BY d.from_day), d.starts_on) AS agreed_on
    FROM dated d
),
spans AS MATERIALIZED (
    SELECT account_id, subscription_id, external_id, starts_on, plan, billing_frequency, seats,
           CASE WHEN piece.discount IS NULL OR mrr = 0 THEN mrr ELSE {less} END AS mrr,
           currency, is_trial, is_paused, renews_on, ends_on, is_cancelling, agreed_on,
           coalesce(piece.since, a.since) AS since,
           CASE WHEN piece.since IS NULL THEN a.until ELSE piece.until END AS until
    FROM agreeing a
    LEFT JOIN LATERAL ({pieces}) AS piece ON a.discounts_of <> ''
)
"""

# A term is cut where a standing discount of its customer begins or ends; no piece at all is the whole term.
_PIECES = """
SELECT cuts.day AS since, least(lead(cuts.day) OVER (ORDER BY cuts.day), a.until) AS until,
       s.id AS discount, s.percent_off, s.amount_off, s.currency AS off_in
FROM (
    SELECT a.since AS day WHERE EXISTS (SELECT FROM accounts_standingdiscount WHERE customer = a.discounts_of)
    UNION
    SELECT edge FROM accounts_standingdiscount d CROSS JOIN LATERAL (VALUES (d.since), (d.until)) AS edges (edge)
    WHERE d.customer = a.discounts_of AND edge > a.since AND (a.until IS NULL OR edge < a.until)
) AS cuts
LEFT JOIN accounts_standingdiscount s
    ON s.customer = a.discounts_of AND s.since <= cuts.day AND (s.until IS NULL OR cuts.day < s.until)
"""

# Unknown where it is not known what comes off, how often, or in which money; never below zero.
_LESS = """
CASE WHEN piece.percent_off IS NOT NULL THEN round(mrr * (1 - piece.percent_off / 100), 2)
     WHEN piece.off_in = currency AND billing_frequency IN ('monthly', 'annual')
     THEN greatest(round(mrr - piece.amount_off / CASE billing_frequency WHEN 'annual' THEN 12 ELSE 1 END, 2), 0)
END
"""


def spans_of(subscriptions: str) -> str:
    """Common table expressions that end in `spans`; `subscriptions` is SQL for the rows to look at."""
    return _SPANS.format(subscriptions=subscriptions, pieces=_PIECES, less=_LESS)
