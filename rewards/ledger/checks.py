"""What must hold in the books, each as a query that finds the rows where it does not.

Every query gives (row, words): which row, and what is wrong with it. Grants,
offers and rewards stand on higher floors; here they are only tables. The audit
is held against the ledger, so that a row that was altered consistently is found too.
"""

from rewards.ledger.cells import MONTHS_CHECK, SPLITS_CHECK

UNBALANCED = """
SELECT 'posting ' || posting.id, format('its lines sum to %s %s instead of zero', sum(line.amount), line.currency)
FROM rewards_posting AS posting JOIN rewards_postingline AS line ON line.posting_id = posting.id
GROUP BY posting.id, line.currency HAVING sum(line.amount) <> 0 ORDER BY posting.id
"""

ONE_SIDED = """
SELECT 'posting ' || posting.id, format('it has %s lines; a posting has at least two', count(line.id))
FROM rewards_posting AS posting LEFT JOIN rewards_postingline AS line ON line.posting_id = posting.id
GROUP BY posting.id HAVING count(line.id) < 2 ORDER BY posting.id
"""

LOTS = """
SELECT 'lot ' || lot.id, format('%s %s is left of %s', -coalesce(sum(line.amount), 0), lot.currency, lot.amount)
FROM rewards_creditlot AS lot
LEFT JOIN (rewards_postingline AS line
           JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = 'credit_liability')
  ON line.lot_id = lot.id AND line.currency = lot.currency
GROUP BY lot.id HAVING -coalesce(sum(line.amount), 0) NOT BETWEEN 0 AND lot.amount ORDER BY lot.id
"""

LOTS_AND_GRANTS = """
SELECT 'lot ' || lot.id, format('%s %s until %s, but grant %s says %s %s until %s', lot.amount, lot.currency,
    lot.expires_on, given.id, given.face_value, given.currency, given.expires_on)
FROM rewards_creditlot AS lot JOIN rewards_grant AS given ON given.id = lot.grant_id
WHERE (lot.amount, lot.currency, lot.expires_on, lot.account_id)
   <> (given.face_value, given.currency, given.expires_on, given.account_id)
ORDER BY lot.id
"""

GRANTS_WITHOUT_POSTING = """
SELECT 'grant ' || given.id, format('%s %s was granted, but the ledger has no posting of it',
    given.face_value, given.currency)
FROM rewards_grant AS given
JOIN rewards_offer AS offer ON offer.id = given.offer_id
JOIN rewards_reward AS reward ON reward.id = offer.reward_id AND reward.is_credit
WHERE NOT EXISTS (SELECT FROM rewards_posting AS posting WHERE posting.key = 'issue:grant:' || given.id)
ORDER BY given.id
"""

POSTINGS_WITHOUT_GRANT = """
SELECT 'posting ' || posting.id, 'it issues a credit, but no grant of that amount belongs to it'
FROM rewards_posting AS posting
WHERE posting.kind = 'issue' AND NOT EXISTS (
    SELECT FROM rewards_postingline AS line
    JOIN rewards_creditlot AS lot ON lot.id = line.lot_id
    WHERE line.posting_id = posting.id AND posting.key = 'issue:grant:' || lot.grant_id
      AND line.amount = -lot.amount AND line.currency = lot.currency)
ORDER BY posting.id
"""

REVERSALS = """
SELECT 'posting ' || undo.id, format('it does not mirror posting %s, which it reverses', undo.reverses_id)
FROM rewards_posting AS undo
WHERE undo.reverses_id IS NOT NULL AND EXISTS (
    SELECT FROM rewards_postingline AS line
    WHERE line.posting_id IN (undo.id, undo.reverses_id)
    GROUP BY line.ledger_account_id, line.lot_id, line.currency HAVING sum(line.amount) <> 0)
ORDER BY undo.id
"""

LIABILITY_WITHOUT_LOT = """
SELECT 'line ' || line.id, format('%s %s of liability names no credit lot', line.amount, line.currency)
FROM rewards_postingline AS line
JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = 'credit_liability'
WHERE line.lot_id IS NULL ORDER BY line.id
"""

AUDIT = """
WITH told AS (
    SELECT object_id::bigint AS id, after->>'key' AS key, after->>'booked on' AS booked_on,
           (SELECT string_agg(said, ', ' ORDER BY said COLLATE "C")
            FROM jsonb_array_elements_text(after->'lines') AS said) AS lines
    FROM core_auditline WHERE verb = 'ledger_posted' AND object_type = 'posting'
), stands AS (
    SELECT posting.id, posting.key, posting.booked_on::text AS booked_on,
           (SELECT string_agg(said, ', ' ORDER BY said COLLATE "C")
            FROM (SELECT format('%s %s %s', book.code, line.amount, line.currency) AS said
                  FROM rewards_postingline AS line
                  JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id
                  WHERE line.posting_id = posting.id) AS each) AS lines
    FROM rewards_posting AS posting
)
SELECT 'posting ' || coalesce(stands.id, told.id), CASE
    WHEN told.id IS NULL THEN 'no audit line tells of it'
    WHEN stands.id IS NULL THEN format('the audit tells of it (%s), but it is gone', told.key)
    ELSE format('it says %s on %s [%s], but the audit says %s on %s [%s]', stands.key, stands.booked_on, stands.lines,
                told.key, told.booked_on, told.lines) END
FROM stands FULL JOIN told ON told.id = stands.id
WHERE (stands.key, stands.booked_on, stands.lines) IS DISTINCT FROM (told.key, told.booked_on, told.lines)
ORDER BY coalesce(stands.id, told.id)
"""

CAP_COUNTERS = """
WITH sums AS (
    SELECT entry.period_id,
        coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'reserve'), 0)
        - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'spend'), 0)
        - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'release' AND used.id IS NULL), 0) AS reserved,
        coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'spend'), 0)
        - coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'release' AND used.id IS NOT NULL), 0) AS spent
    FROM rewards_capentry AS entry
    LEFT JOIN rewards_capentry AS used
      ON used.period_id = entry.period_id AND used.offer_id = entry.offer_id AND used.kind = 'spend'
     AND used.turn = entry.turn
    GROUP BY entry.period_id
)
SELECT 'cap period ' || period.id, format('“%s” from %s counts %s reserved and %s spent, but its entries say %s and %s',
    cap.name, period.starts_on, period.reserved, period.spent, coalesce(sums.reserved, 0), coalesce(sums.spent, 0))
FROM rewards_capperiod AS period
JOIN rewards_cap AS cap ON cap.id = period.cap_id
LEFT JOIN sums ON sums.period_id = period.id
WHERE (period.reserved, period.spent) <> (coalesce(sums.reserved, 0), coalesce(sums.spent, 0))
ORDER BY period.id
"""

CAP_ENTRIES = """
SELECT 'cap entry ' || entry.id, format('offer %s is %s, but %s is still reserved under “%s”',
    offer.id, replace(offer.state, '_', ' '), entry.amount, cap.name)
FROM rewards_capentry AS entry
JOIN rewards_capperiod AS period ON period.id = entry.period_id
JOIN rewards_cap AS cap ON cap.id = period.cap_id
JOIN rewards_offer AS offer ON offer.id = entry.offer_id
WHERE entry.kind = 'reserve' AND offer.state NOT IN ('proposed', 'in_approval')
  AND NOT EXISTS (SELECT FROM rewards_capentry AS after WHERE after.period_id = entry.period_id
                  AND after.offer_id = entry.offer_id AND after.turn = entry.turn
                  AND after.kind IN ('spend', 'release'))
ORDER BY entry.id
"""

# Breakage stands on a higher floor; here it is only a table.
BREAKAGE_MONTHS = """
WITH told AS (
    SELECT month, currency, breakage, reestimate FROM rewards_breakagemonth
), stands AS (
    SELECT date_trunc('month', posting.booked_on)::date AS month, line.currency,
        coalesce(sum(line.amount) FILTER (WHERE posting.kind = 'breakage'), 0) AS breakage,
        coalesce(sum(line.amount) FILTER (WHERE posting.kind = 'reestimate'), 0) AS reestimate
    FROM rewards_postingline AS line
    JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = 'breakage_ahead'
    JOIN rewards_posting AS posting ON posting.id = line.posting_id
    GROUP BY 1, 2
)
SELECT format('breakage of %s in %s', to_char(coalesce(told.month, stands.month), 'YYYY-MM'),
              coalesce(told.currency, stands.currency)),
    format('%s by use and %s by re-estimate are posted, but %s and %s were worked out',
           coalesce(stands.breakage, 0), coalesce(stands.reestimate, 0),
           coalesce(told.breakage, 0), coalesce(told.reestimate, 0))
FROM told FULL JOIN stands ON stands.month = told.month AND stands.currency = told.currency
WHERE (coalesce(told.breakage, 0), coalesce(told.reestimate, 0))
   <> (coalesce(stands.breakage, 0), coalesce(stands.reestimate, 0))
ORDER BY 1
"""

CHECKS: dict[str, str] = {
    "debits equal credits": UNBALANCED,
    "a posting has two sides": ONE_SIDED,
    "no lot is below zero or above its amount": LOTS,
    "a lot is what its grant says": LOTS_AND_GRANTS,
    "each granted credit is on the ledger": GRANTS_WITHOUT_POSTING,
    "each issue has its grant": POSTINGS_WITHOUT_GRANT,
    "a reversal mirrors its posting": REVERSALS,
    "the liability is the sum of the lots": LIABILITY_WITHOUT_LOT,
    "breakage is what its months say": BREAKAGE_MONTHS,
    "the months equal the postings": MONTHS_CHECK,
    "the open credits equal the postings": SPLITS_CHECK,
    "the audit tells the same": AUDIT,
    "cap counters equal their entries": CAP_COUNTERS,
    "closed offers hold no cap room": CAP_ENTRIES,
}
