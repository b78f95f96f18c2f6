"""Which caps an offer is bound by, in which of their periods, and what it takes of each.

A cap counts value or occurrences; it may be set on a tier or a primary segment, by the facts of the account on
the day of asking; a cap on an account may last for the term of its contract.
"""

from django.db import migrations

PERIODS = """
CREATE FUNCTION cap_starts_on(period text, day date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN period = 'total' THEN date '1970-01-01' ELSE date_trunc(period, day::timestamp)::date END
$$;

CREATE FUNCTION cap_ends_on(period text, day date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE period
        WHEN 'total' THEN date '9999-01-01'
        WHEN 'quarter' THEN (date_trunc('quarter', day::timestamp) + interval '3 months')::date
        ELSE (date_trunc(period, day::timestamp) + ('1 ' || period)::interval)::date
    END
$$;

-- The period of a cap that may follow a contract; without a contract on the day it is the calendar year.
CREATE FUNCTION cap_starts_on(period text, day date, term_starts_on date)
RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN period = 'contract_term' THEN coalesce(term_starts_on, cap_starts_on('year', day))
                ELSE cap_starts_on(period, day) END
$$;

CREATE FUNCTION cap_ends_on(period text, day date, term_ends_on date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN period = 'contract_term' THEN coalesce(term_ends_on, cap_ends_on('year', day))
                ELSE cap_ends_on(period, day) END
$$;
"""

# As the facts tell renewals: the largest of the subscriptions that are paid on the day, by its renewals, which
# repeat each month or year as it is billed. With another frequency the term lasts from the last renewal, or the
# start, until the next renewal or the end that is known.
TERM = """
CREATE FUNCTION cap_contract_term(of_account bigint, on_day date)
RETURNS TABLE (starts_on date, ends_on date) LANGUAGE sql STABLE AS $$
    SELECT greatest(turn.starts_on, main.starts_on), least(turn.ends_on, main.ends_on, date '9999-01-01')
    FROM (
        SELECT s.starts_on, t.renews_on, t.ends_on, coalesce(t.renews_on, s.starts_on) AS anchor,
               CASE t.billing_frequency WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 END AS months
        FROM accounts_subscription AS s
        CROSS JOIN LATERAL (
            SELECT term.* FROM accounts_subscriptionterm AS term WHERE term.subscription_id = s.id
            -- The first that was told holds from the start of the subscription.
            ORDER BY term.from_day <= on_day DESC,
                     CASE WHEN term.from_day <= on_day THEN term.from_day END DESC, term.from_day
            LIMIT 1
        ) AS t
        WHERE s.account_id = of_account AND s.starts_on <= on_day AND (t.ends_on IS NULL OR on_day < t.ends_on)
          AND NOT t.is_trial
        ORDER BY t.mrr DESC NULLS LAST, s.external_id
        LIMIT 1
    ) AS main
    CROSS JOIN LATERAL (
        SELECT floor(((extract(year FROM on_day) - extract(year FROM main.anchor)) * 12
                      + extract(month FROM on_day) - extract(month FROM main.anchor)) / main.months)::int AS turns
    ) AS passed
    CROSS JOIN LATERAL (
        SELECT (main.anchor + make_interval(months => main.months * (passed.turns - 1)))::date AS before,
               (main.anchor + make_interval(months => main.months * passed.turns))::date AS this,
               (main.anchor + make_interval(months => main.months * (passed.turns + 1)))::date AS next
    ) AS renewal
    CROSS JOIN LATERAL (
        SELECT CASE WHEN main.months IS NULL
                    THEN CASE WHEN main.renews_on <= on_day THEN main.renews_on ELSE main.starts_on END
                    WHEN renewal.this <= on_day THEN renewal.this ELSE renewal.before END AS starts_on,
               CASE WHEN main.months IS NULL THEN CASE WHEN main.renews_on > on_day THEN main.renews_on END
                    WHEN renewal.this <= on_day THEN renewal.next ELSE renewal.this END AS ends_on
    ) AS turn
$$;
"""

ASKER = """
-- Whose facts decide; nothing is looked up where no cap needs it. The days before count while a day has no facts yet.
CREATE FUNCTION cap_asker(of_account bigint, on_day date, is_needed boolean)
RETURNS TABLE (tier text, segment text, term_starts_on date, term_ends_on date) LANGUAGE sql STABLE AS $$
    SELECT coalesce(newest.tier, '')::text, coalesce(newest.primary_segment, '')::text, term.starts_on, term.ends_on
    FROM (VALUES (1)) AS always
    LEFT JOIN LATERAL (
        SELECT facts.tier, facts.primary_segment FROM accounts_accountfacts AS facts
        WHERE is_needed AND facts.account_id = of_account AND facts.day BETWEEN on_day - 31 AND on_day
        ORDER BY facts.day DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN LATERAL (
        SELECT agreed.starts_on, agreed.ends_on FROM cap_contract_term(of_account, on_day) AS agreed WHERE is_needed
    ) AS term ON true
$$;
"""

BOUND = """
CREATE FUNCTION cap_targets(
    account_id bigint, campaign_id bigint, function text, reward_kind text, reward_id bigint, tier text, segment text
) RETURNS TABLE (scope text, scope_key text) LANGUAGE sql IMMUTABLE AS $$
    VALUES ('programme', ''), ('function', function), ('reward_kind', reward_kind), ('reward', reward_id::text),
           ('tier', tier), ('segment', segment), ('campaign', campaign_id::text), ('account', account_id::text)
$$;

-- What an offer takes of a cap: its value, or one occurrence when people deliver it; null when it is not bound.
CREATE FUNCTION cap_takes(measure text, amount numeric, is_by_hand boolean)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN measure = 'value' THEN amount WHEN is_by_hand THEN 1 END
$$;
"""

UNDO = """
DROP FUNCTION cap_takes(text, numeric, boolean);
DROP FUNCTION cap_targets(bigint, bigint, text, text, bigint, text, text);
DROP FUNCTION cap_asker(bigint, date, boolean);
DROP FUNCTION cap_contract_term(bigint, date);
DROP FUNCTION cap_ends_on(text, date, date), cap_starts_on(text, date, date);
DROP FUNCTION cap_ends_on(text, date), cap_starts_on(text, date);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0010_offer_functions")]
    operations = [migrations.RunSQL(PERIODS + TERM + ASKER + BOUND, UNDO)]
