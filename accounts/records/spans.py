"""The dated terms of subscriptions as SQL: for which days each term was in force."""

# A span is a term on the days [since, until). The first term holds from the start of the
# subscription, because nothing earlier was told. A renewal that a term had told, and that has
# passed when the next is told, began a new contract: `agreed_on` is the start of the contract.
_SPANS = """
dated AS (
    SELECT s.account_id, s.id AS subscription_id, s.external_id, s.starts_on, t.plan, t.billing_frequency, t.seats,
           t.mrr, t.currency, t.is_trial, t.is_paused, t.renews_on, t.ends_on, t.is_cancelling, t.from_day,
           CASE WHEN lag(t.from_day) OVER mine IS NULL THEN s.starts_on
                ELSE greatest(t.from_day, s.starts_on) END AS since,
           least(lead(t.from_day) OVER mine, t.ends_on) AS until,
           CASE WHEN lag(t.renews_on) OVER mine <= t.from_day THEN lag(t.renews_on) OVER mine END AS renewed_on
    FROM {subscriptions} s
    JOIN accounts_subscriptionterm t ON t.subscription_id = s.id
    WINDOW mine AS (PARTITION BY s.id ORDER BY t.from_day)
),
spans AS MATERIALIZED (
    SELECT d.*, coalesce(
        max(d.renewed_on) OVER (PARTITION BY d.subscription_id ORDER BY d.from_day), d.starts_on) AS agreed_on
    FROM dated d
)
"""


def spans_of(subscriptions: str) -> str:
    """Common table expressions that end in `spans`; `subscriptions` is SQL for the rows to look at."""
    return _SPANS.format(subscriptions=subscriptions)
