"""A cap may count occurrences instead of value, and may be set on one reward: capacity of what people deliver.

It may be set on a tier or a primary segment as well, by the facts of the account on the day of asking; a cap on
an account may last for the term of its contract.

What an offer takes of which caps stands in one function now, `caps_bound`; reserving asks it in each of its steps.
"""

from importlib import import_module

from django.db import migrations, models
from django.db.models.functions import Floor

before = import_module("rewards.migrations.0005_cap_functions")
turns = import_module("rewards.migrations.0031_asking_again")
words = import_module("rewards.migrations.0010_offer_functions")

ARGUMENTS = "bigint, bigint, text, text, bigint, text, text"

TARGETS = """
CREATE FUNCTION cap_targets(
    account_id bigint, campaign_id bigint, function text, reward_kind text, reward_id bigint, tier text, segment text
) RETURNS TABLE (scope text, scope_key text) LANGUAGE sql IMMUTABLE AS $$
    VALUES ('programme', ''), ('function', function), ('reward_kind', reward_kind), ('reward', reward_id::text),
           ('tier', tier), ('segment', segment), ('campaign', campaign_id::text), ('account', account_id::text)
$$;

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

-- What an offer takes of a cap: its value, or one occurrence when people deliver it; null when it is not bound.
CREATE FUNCTION cap_takes(measure text, amount numeric, is_by_hand boolean)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN measure = 'value' THEN amount WHEN is_by_hand THEN 1 END
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

BOUND = """
CREATE FUNCTION caps_bound(requests jsonb) RETURNS TABLE (
    turn bigint, offer_id bigint, cap_id bigint, starts_on date, ends_on date, takes numeric
) LANGUAGE sql STABLE AS $$
    SELECT asked.turn, asked.offer_id, cap.id, cap_starts_on(cap.period, asked.day, asked.term_starts_on),
           cap_ends_on(cap.period, asked.day, asked.term_ends_on), cap_takes(cap.measure, asked.amount, asked.is_by_hand)
    FROM ROWS FROM (jsonb_to_recordset(requests) AS (
             offer_id bigint, account_id bigint, campaign_id bigint, function text, reward_kind text,
             reward_id bigint, is_by_hand boolean, tier text, segment text, amount numeric, day date,
             term_starts_on date, term_ends_on date))
         WITH ORDINALITY AS asked (offer_id, account_id, campaign_id, function, reward_kind,
                                   reward_id, is_by_hand, tier, segment, amount, day, term_starts_on, term_ends_on, turn)
    CROSS JOIN LATERAL cap_targets(
        asked.account_id, asked.campaign_id, asked.function, asked.reward_kind, asked.reward_id, asked.tier,
        asked.segment) AS target
    JOIN rewards_cap AS cap
      ON cap.scope = target.scope AND cap.scope_key = target.scope_key AND cap.is_active
    WHERE cap_takes(cap.measure, asked.amount, asked.is_by_hand) IS NOT NULL
$$;
"""

RESERVE = """
CREATE FUNCTION caps_reserve(requests jsonb) RETURNS TABLE (
    offer bigint, is_admitted boolean, refused_by text, refused_measure text, refused_limit numeric,
    refused_room numeric, refused_until date, exceeded text
) LANGUAGE plpgsql AS $$
DECLARE
    period_ids bigint[];
    names text[];
    measures text[];
    limits numeric[];
    used numeric[];
    hard boolean[];
    ends date[];
    added numeric[];
    entry_periods bigint[] := '{}';
    entry_offers bigint[] := '{}';
    entry_amounts numeric[] := '{}';
    request record;
    place integer;
    slot integer;
    refusing integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7201);

    INSERT INTO rewards_capperiod (cap_id, starts_on, ends_on, reserved, spent)
    SELECT DISTINCT bound.cap_id, bound.starts_on, bound.ends_on, 0, 0
    FROM caps_bound(requests) AS bound
    WHERE NOT EXISTS (
        SELECT FROM rewards_capperiod AS period
        WHERE period.cap_id = bound.cap_id AND period.starts_on = bound.starts_on)
    ORDER BY 1, 2
    ON CONFLICT (cap_id, starts_on) DO NOTHING;

    SELECT array_agg(locked.id), array_agg(locked.name), array_agg(locked.measure), array_agg(locked."limit"),
           array_agg(locked.used), array_agg(locked.is_hard), array_agg(locked.ends_on), array_agg(0::numeric)
    INTO period_ids, names, measures, limits, used, hard, ends, added
    FROM (
        SELECT period.id, cap.name, cap.measure, cap."limit", period.reserved + period.spent AS used,
               cap.is_hard, period.ends_on
        FROM rewards_capperiod AS period
        JOIN rewards_cap AS cap ON cap.id = period.cap_id
        WHERE (cap.id, period.starts_on) IN (
            SELECT bound.cap_id, bound.starts_on FROM caps_bound(requests) AS bound)
        ORDER BY period.id
        FOR NO KEY UPDATE OF period
    ) AS locked;

    -- In the order asked: a request that one cap refuses takes no room in the others.
    FOR request IN
        SELECT asked.offer_id,
               array_agg(room.place ORDER BY room.place) FILTER (WHERE room.place IS NOT NULL) AS places,
               array_agg(room.takes ORDER BY room.place) FILTER (WHERE room.place IS NOT NULL) AS takes
        FROM ROWS FROM (jsonb_to_recordset(requests) AS (offer_id bigint))
             WITH ORDINALITY AS asked (offer_id, turn)
        LEFT JOIN (
            SELECT bound.turn, bound.takes, array_position(period_ids, period.id) AS place
            FROM caps_bound(requests) AS bound
            JOIN rewards_capperiod AS period
              ON period.cap_id = bound.cap_id AND period.starts_on = bound.starts_on
            -- Asked again for the same offer: its room is reserved already.
            WHERE NOT EXISTS (SELECT FROM rewards_capentry AS entry WHERE entry.period_id = period.id
                              AND entry.offer_id = bound.offer_id AND entry.kind = 'reserve'
                              AND NOT EXISTS (SELECT FROM rewards_capentry AS freed
                                              WHERE freed.period_id = entry.period_id AND freed.turn = entry.turn
                                                AND freed.offer_id = entry.offer_id AND freed.kind = 'release')
                              -- Looked up by the offer, one by one: joined, a whole period may be read for each.
                              OFFSET 0)
        ) AS room ON room.turn = asked.turn
        GROUP BY asked.turn, asked.offer_id
        ORDER BY asked.turn
    LOOP
        refusing := NULL;
        offer := request.offer_id;
        exceeded := NULL;
        FOR place IN 1 .. coalesce(cardinality(request.places), 0) LOOP
            slot := request.places[place];
            CONTINUE WHEN used[slot] + request.takes[place] <= limits[slot];
            IF hard[slot] THEN
                refusing := slot;
                EXIT;
            END IF;
            exceeded := concat_ws(', ', exceeded, names[slot]);
        END LOOP;
        is_admitted := refusing IS NULL;
        IF is_admitted THEN
            FOR place IN 1 .. coalesce(cardinality(request.places), 0) LOOP
                slot := request.places[place];
                used[slot] := used[slot] + request.takes[place];
                added[slot] := added[slot] + request.takes[place];
                entry_periods := entry_periods || period_ids[slot];
                entry_offers := entry_offers || request.offer_id;
                entry_amounts := entry_amounts || request.takes[place];
            END LOOP;
        END IF;
        refused_by := names[refusing];
        refused_measure := measures[refusing];
        refused_limit := limits[refusing];
        refused_room := limits[refusing] - used[refusing];
        refused_until := ends[refusing];
        RETURN NEXT;
    END LOOP;

    UPDATE rewards_capperiod AS period SET reserved = period.reserved + more.amount
    FROM unnest(period_ids, added) AS more (id, amount)
    WHERE period.id = more.id AND more.amount > 0;

    INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at, turn)
    SELECT entry.period_id, entry.offer_id, 'reserve', entry.amount, clock_timestamp(),
           1 + (SELECT coalesce(max(known.turn), 0) FROM rewards_capentry AS known
                WHERE known.period_id = entry.period_id AND known.offer_id = entry.offer_id)
    FROM unnest(entry_periods, entry_offers, entry_amounts) AS entry (period_id, offer_id, amount);
END $$;
"""

REFUSAL = """
CREATE FUNCTION cap_quantity(measure text, figure numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN measure = 'value' THEN money_text(figure, 'USD')
        ELSE CASE WHEN round(figure) < 0 THEN '−' ELSE '' END
            || to_char(abs(round(figure)), 'FM999,999,999,999,999,990')
            || CASE abs(round(figure)) WHEN 1 THEN ' occurrence' ELSE ' occurrences' END END
$$;

CREATE FUNCTION cap_refusal(
    name text, measure text, cap_limit numeric, room numeric, amount numeric, until date
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'The cap “' || name || '” '
        || CASE WHEN room > 0 THEN 'has ' || cap_quantity(measure, room) || ' left of '
                ELSE 'has no room left of ' END || cap_quantity(measure, cap_limit)
        || CASE WHEN until >= date '9999-01-01' THEN '' ELSE ' until ' || to_char(until, 'FMDD Mon YYYY') END
        || '; this needs ' || cap_quantity(measure, CASE measure WHEN 'value' THEN amount ELSE 1 END) || '.'
$$;
"""

DROP_OLD = """
DROP FUNCTION caps_reserve(jsonb);
DROP FUNCTION cap_targets(bigint, bigint, text, text);
DROP FUNCTION cap_refusal(text, numeric, numeric, numeric, date);
"""

DROP_NEW = f"""
DROP FUNCTION caps_reserve(jsonb);
DROP FUNCTION caps_bound(jsonb);
DROP FUNCTION cap_takes(text, numeric, boolean);
DROP FUNCTION cap_asker(bigint, date, boolean);
DROP FUNCTION cap_contract_term(bigint, date);
DROP FUNCTION cap_ends_on(text, date, date);
DROP FUNCTION cap_starts_on(text, date, date);
DROP FUNCTION cap_targets({ARGUMENTS});
DROP FUNCTION cap_refusal(text, text, numeric, numeric, numeric, date);
DROP FUNCTION cap_quantity(text, numeric);
"""

OLD_TARGETS = before.TARGETS.split("CREATE FUNCTION cap_starts_on")[0]


class Migration(migrations.Migration):
    dependencies = [("rewards", "0034_indexes_that_lead"), ("accounts", "0015_standing")]
    operations = [
        migrations.AddField(
            "cap",
            "measure",
            models.CharField(
                choices=[("value", "value"), ("occurrences", "occurrences")],
                db_default="value",
                default="value",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            "cap",
            "scope",
            models.CharField(
                choices=[
                    ("programme", "programme"),
                    ("function", "function"),
                    ("reward_kind", "reward kind"),
                    ("reward", "reward"),
                    ("tier", "tier"),
                    ("segment", "segment"),
                    ("campaign", "campaign"),
                    ("account", "account"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            "cap",
            "period",
            models.CharField(
                choices=[
                    ("month", "month"),
                    ("quarter", "quarter"),
                    ("year", "year"),
                    ("contract_term", "contract_term"),
                    ("total", "total"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            "cap",
            models.CheckConstraint(
                condition=~models.Q(period="contract_term") | models.Q(scope="account"),
                name="cap_contract_term_of_an_account",
            ),
        ),
        migrations.RemoveConstraint("cap", "one_active_cap_a_scope_and_period"),
        migrations.AddConstraint(
            "cap",
            models.UniqueConstraint(
                condition=models.Q(is_active=True),
                fields=("scope", "scope_key", "period", "measure"),
                name="one_active_cap_a_scope_and_period",
            ),
        ),
        migrations.AddConstraint(
            "cap",
            models.CheckConstraint(
                condition=models.Q(measure="value") | models.Q(limit=Floor("limit")),
                name="cap_counts_whole_occurrences",
            ),
        ),
        migrations.RunSQL(
            DROP_OLD + TERM + TARGETS + BOUND + RESERVE + REFUSAL,
            DROP_NEW + OLD_TARGETS + turns.RESERVE + words.REFUSAL,
        ),
    ]
