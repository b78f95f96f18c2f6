"""The SQL of the summaries: what postings moved, by month and by what the credits come from.

The same words read one posting that waits, and all of them: so the fold, the
page and the proof cannot mean different things.
"""

_MOVED = """
SELECT date_trunc('month', posting.booked_on)::date AS month, posting.kind, line.currency, line.amount, line.lot_id
FROM {postings}
JOIN rewards_postingline AS line ON line.posting_id = posting.id
JOIN rewards_ledgeraccount AS book
  ON book.id = line.ledger_account_id AND book.code IN ('credit_liability', 'breakage_ahead')
"""

MOVED_BY_ALL = _MOVED.format(postings="rewards_posting AS posting")
# Looked up one by one: right after a fold the statistics still tell of thousands that wait, and a plan
# that believes them reads all of the books for the page. OFFSET 0 keeps the planner out of the inner queries.
MOVED_BY_WAITING = """
SELECT date_trunc('month', posting.booked_on)::date AS month, posting.kind, line.currency, line.amount, line.lot_id
FROM rewards_unfoldedposting AS waiting
CROSS JOIN LATERAL (
    SELECT known.id, known.booked_on, known.kind FROM rewards_posting AS known
    WHERE known.id = waiting.posting_id OFFSET 0
) AS posting
CROSS JOIN LATERAL (
    SELECT known.ledger_account_id, known.currency, known.amount, known.lot_id FROM rewards_postingline AS known
    WHERE known.posting_id = posting.id OFFSET 0
) AS line
JOIN rewards_ledgeraccount AS book
  ON book.id = line.ledger_account_id AND book.code IN ('credit_liability', 'breakage_ahead')
"""
MOVED_BY_TAKEN = _MOVED.format(
    postings="taken AS waiting JOIN rewards_posting AS posting ON posting.id = waiting.posting_id"
)

OPENED = """
SELECT moved.currency, date_trunc('month', lot.expires_on)::date AS expires_in, offer.campaign_id, offer.reward_id,
       lot.tier, lot.segment, -moved.amount AS amount
FROM moved
JOIN rewards_creditlot AS lot ON lot.id = moved.lot_id
JOIN rewards_grant AS given ON given.id = lot.grant_id
JOIN rewards_offer AS offer ON offer.id = given.offer_id
"""
"""Of rows called `moved`; grants and offers stand on a higher floor, here they are only tables."""

OPENED_BY_WAITING = f"""
SELECT moved.currency, date_trunc('month', source.expires_on)::date AS expires_in, source.campaign_id,
       source.reward_id, source.tier, source.segment, -moved.amount AS amount
FROM ({MOVED_BY_WAITING}) AS moved
CROSS JOIN LATERAL (
    SELECT lot.expires_on, lot.tier, lot.segment, offer.campaign_id, offer.reward_id
    FROM rewards_creditlot AS lot
    JOIN rewards_grant AS given ON given.id = lot.grant_id
    JOIN rewards_offer AS offer ON offer.id = given.offer_id
    WHERE lot.id = moved.lot_id OFFSET 0
) AS source
"""
"""The same of what waits, looked up one by one too."""

FOLD = f"""
WITH taken AS (
    DELETE FROM rewards_unfoldedposting RETURNING posting_id
), moved AS MATERIALIZED ({MOVED_BY_TAKEN}), opened AS ({OPENED}), by_month AS (
    INSERT INTO rewards_monthcell AS cell (currency, month, kind, amount)
    SELECT currency, month, kind, sum(amount) FROM moved GROUP BY currency, month, kind
    ON CONFLICT (currency, month, kind) DO UPDATE SET amount = cell.amount + excluded.amount
), by_source AS (
    INSERT INTO rewards_opencell AS cell (currency, expires_in, campaign_id, reward_id, tier, segment, amount)
    SELECT currency, expires_in, campaign_id, reward_id, tier, segment, sum(amount) FROM opened
    GROUP BY currency, expires_in, campaign_id, reward_id, tier, segment HAVING sum(amount) <> 0
    ON CONFLICT (currency, expires_in, campaign_id, reward_id, tier, segment)
    DO UPDATE SET amount = cell.amount + excluded.amount
)
SELECT count(*) FROM taken
"""

MONTHS = f"""
SELECT month, kind, sum(amount) FROM (
    SELECT month, kind, amount FROM rewards_monthcell WHERE currency = %(currency)s
    UNION ALL
    SELECT month, kind, amount FROM ({MOVED_BY_WAITING}) AS moved WHERE currency = %(currency)s
) AS both_parts GROUP BY month, kind
"""

SPLITS = f"""
WITH opened AS ({OPENED_BY_WAITING})
SELECT expires_in, campaign_id, reward_id, tier, segment, sum(amount) FROM (
    SELECT expires_in, campaign_id, reward_id, tier, segment, amount
    FROM rewards_opencell WHERE currency = %(currency)s
    UNION ALL
    SELECT expires_in, campaign_id, reward_id, tier, segment, amount FROM opened WHERE currency = %(currency)s
) AS both_parts
GROUP BY GROUPING SETS ((expires_in), (campaign_id), (reward_id), (tier), (segment))
HAVING sum(amount) <> 0
"""
"""One row a value of each of the five; the other four are null in it."""

CURRENCIES = f"""
SELECT currency FROM rewards_monthcell UNION SELECT currency FROM ({MOVED_BY_WAITING}) AS moved ORDER BY currency
"""

MONTHS_CHECK = f"""
WITH told AS (
    SELECT currency, month, kind, sum(amount) AS amount FROM (
        SELECT currency, month, kind, amount FROM rewards_monthcell
        UNION ALL SELECT currency, month, kind, amount FROM ({MOVED_BY_WAITING}) AS moved
    ) AS both_parts GROUP BY currency, month, kind
), stands AS (
    SELECT currency, month, kind, sum(amount) AS amount FROM ({MOVED_BY_ALL}) AS moved GROUP BY currency, month, kind
)
SELECT format('%s of %s in %s', kind, to_char(month, 'YYYY-MM'), currency),
       format('the summary says %s, all postings say %s', coalesce(told.amount, 0), coalesce(stands.amount, 0))
FROM told FULL JOIN stands USING (currency, month, kind)
WHERE coalesce(told.amount, 0) <> coalesce(stands.amount, 0)
ORDER BY 1
"""

SPLITS_CHECK = f"""
WITH all_opened AS (WITH moved AS ({MOVED_BY_ALL}) {OPENED}),
waiting_opened AS ({OPENED_BY_WAITING}), told AS (
    SELECT currency, expires_in, campaign_id, reward_id, tier, segment, sum(amount) AS amount FROM (
        SELECT currency, expires_in, campaign_id, reward_id, tier, segment, amount FROM rewards_opencell
        UNION ALL SELECT * FROM waiting_opened
    ) AS both_parts GROUP BY currency, expires_in, campaign_id, reward_id, tier, segment
), stands AS (
    SELECT currency, expires_in, campaign_id, reward_id, tier, segment, sum(amount) AS amount FROM all_opened
    GROUP BY currency, expires_in, campaign_id, reward_id, tier, segment
)
SELECT format('credit until %s of campaign %s, reward %s, tier %s, segment %s', to_char(expires_in, 'YYYY-MM'),
              campaign_id, reward_id, coalesce(nullif(tier, ''), 'none'), coalesce(nullif(segment, ''), 'none')),
       format('the summary says %s %s, all postings say %s', coalesce(told.amount, 0), currency,
              coalesce(stands.amount, 0))
FROM told FULL JOIN stands USING (currency, expires_in, campaign_id, reward_id, tier, segment)
WHERE coalesce(told.amount, 0) <> coalesce(stands.amount, 0)
ORDER BY 1
"""
