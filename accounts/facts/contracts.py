"""Parts of the facts statement that tell contracts and money, from the dated terms of subscriptions.

Trials pay nothing and their seats are not bought. A sum with an unknown part, or with
money in another currency than the reporting one, is unknown and not a smaller sum;
so is money beyond LARGEST_SUM.
"""

from decimal import Decimal

from accounts.records.rules import LARGEST_COUNT
from accounts.records.spans import spans_of

# Twelve times as much is what the column of ARR holds.
LARGEST_SUM = (Decimal(10) ** 12 - 1) // 12

SPANS = f"""
{spans_of("(SELECT s.* FROM wanted d JOIN accounts_subscription s ON s.account_id = d.account_id)")},
spells AS (
    SELECT account_id, range_agg(daterange(since, until)) AS spells
    FROM spans
    WHERE NOT is_trial AND mrr IS DISTINCT FROM 0 AND (until IS NULL OR since < until)
    GROUP BY account_id
)
"""

# The next renewal on or after the day: a known end or renewal, moved by whole billing periods.
_RENEWAL = """
SELECT CASE
           WHEN s.renews_on IS NULL AND s.ends_on IS NOT NULL THEN s.ends_on
           WHEN p.months IS NULL THEN least(CASE WHEN s.renews_on >= w.day THEN s.renews_on END, s.ends_on)
           WHEN p.earlier > s.starts_on AND p.earlier >= w.day THEN least(p.earlier, s.ends_on)
           ELSE least(p.later, s.ends_on)
       END AS renews_on
FROM (
    SELECT months,
           (anchor + make_interval(months => months * turns))::date AS earlier,
           (anchor + make_interval(months => months * (turns + 1)))::date AS later
    FROM (SELECT coalesce(s.renews_on, s.starts_on) AS anchor,
                 CASE s.billing_frequency WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 END AS months) AS term
    CROSS JOIN LATERAL (
        SELECT floor(((extract(year FROM w.day) - extract(year FROM anchor)) * 12
                      + extract(month FROM w.day) - extract(month FROM anchor)) / months)::int AS turns
    ) AS passed
) AS p
"""

_MONTHS_AGREED = """
CASE s.billing_frequency
    WHEN 'monthly' THEN 1
    WHEN 'annual' THEN 12
    ELSE (SELECT nullif((extract(year FROM a) * 12 + extract(month FROM a))::int, 0)
          FROM age(coalesce(s.ends_on, s.renews_on)::timestamp, s.agreed_on::timestamp) AS a)
END
"""

AGREED = f"""
agreed AS (
    SELECT w.account_id, w.day,
           sum(s.mrr) FILTER (WHERE f.is_now) AS mrr,
           bool_or(f.is_unpriced) FILTER (WHERE f.is_now)
               OR sum(s.mrr) FILTER (WHERE f.is_now) > {LARGEST_SUM} AS is_unpriced,
           sum(s.mrr) FILTER (WHERE f.was_then) AS mrr_then,
           bool_or(f.is_unpriced) FILTER (WHERE f.was_then)
               OR sum(s.mrr) FILTER (WHERE f.was_then) > {LARGEST_SUM} AS was_unpriced,
           sum(s.seats) FILTER (WHERE f.is_now) AS seats,
           bool_or(s.seats IS NULL) FILTER (WHERE f.is_now) AS is_unseated,
           bool_or(s.is_cancelling) FILTER (WHERE f.is_now) AS is_cancelling,
           min(r.renews_on) FILTER (WHERE f.is_now) AS renews_on,
           (array_agg(s.billing_frequency ORDER BY s.mrr DESC NULLS LAST, s.external_id)
               FILTER (WHERE f.is_now))[1] AS billing_frequency,
           (array_agg({_MONTHS_AGREED} ORDER BY s.mrr DESC NULLS LAST, s.external_id)
               FILTER (WHERE f.is_now))[1] AS contract_months
    FROM known w
    JOIN spans s ON s.account_id = w.account_id AND NOT s.is_trial
        AND s.since <= w.day AND (s.until IS NULL OR s.until > w.year_before)
    CROSS JOIN LATERAL (
        SELECT s.until IS NULL OR w.day < s.until AS is_now,
               s.since <= w.year_before AS was_then,
               s.mrr IS NULL OR s.currency <> %(currency)s AS is_unpriced
    ) AS f
    LEFT JOIN LATERAL ({_RENEWAL}) AS r ON f.is_now
    WHERE f.is_now OR f.was_then
    GROUP BY w.account_id, w.day
)
"""

# One spell counts by the calendar; several are added up, the days that are left over 30 to a month.
_PAID_MONTHS = """
(SELECT (extract(year FROM paid) * 12 + extract(month FROM paid))::int
 FROM (SELECT CASE WHEN count(*) > 1 THEN justify_days(sum(spent)) ELSE coalesce(sum(spent), '0'::interval) END AS paid
       FROM (SELECT age(least(upper(spell), w.day + 1)::timestamp, lower(spell)::timestamp) AS spent
             FROM unnest(p.spells) AS spell WHERE lower(spell) <= w.day) AS each) AS whole)
"""

# Column of the facts → how it is worked out; `c` is the row of `agreed`, `p` that of `spells`.
COLUMNS = {
    "billing_frequency": "nullif(c.billing_frequency, '')",
    "contract_months": "c.contract_months",
    "paid_months": f"CASE WHEN w.is_subscribed THEN {_PAID_MONTHS} END",
    "renews_on": "c.renews_on",
    "days_to_renewal": "c.renews_on - w.day",
    "mrr": "CASE WHEN w.is_subscribed AND c.is_unpriced IS NOT TRUE THEN coalesce(c.mrr, 0) END",
    "arr": "CASE WHEN w.is_subscribed AND c.is_unpriced IS NOT TRUE THEN coalesce(c.mrr, 0) * 12 END",
    "mrr_year_before": "CASE WHEN w.was_subscribed AND c.was_unpriced IS NOT TRUE THEN coalesce(c.mrr_then, 0) END",
    "seats_bought": "CASE WHEN w.is_subscribed AND c.is_unseated IS NOT TRUE"
    f" THEN least(coalesce(c.seats, 0), {LARGEST_COUNT}) END",
    "seat_utilisation": "CASE WHEN w.is_named AND w.is_subscribed AND c.is_unseated IS NOT TRUE AND c.seats > 0"
    " THEN least(round(coalesce(w.seats_active, 0)::numeric / c.seats, 4), 9999.9999) END",
}
