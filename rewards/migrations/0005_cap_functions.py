"""Reserving and settling cap room: each is one call, so that the rows are locked for one round trip.

Order of locks, always: the advisory lock 7201 (shared here; exclusive while a cap
is made or edited), then the period rows by their id. FOR NO KEY UPDATE, because
entries of others refer to these rows meanwhile.
"""

from django.db import migrations

TARGETS = """
CREATE FUNCTION cap_targets(account_id bigint, campaign_id bigint, function text, reward_kind text)
RETURNS TABLE (scope text, scope_key text) LANGUAGE sql IMMUTABLE AS $$
    VALUES ('programme', ''), ('function', function), ('reward_kind', reward_kind),
           ('campaign', campaign_id::text), ('account', account_id::text)
$$;

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
"""

RESERVE = """
CREATE FUNCTION caps_reserve(requests jsonb) RETURNS TABLE (
    offer bigint, is_admitted boolean, refused_by text, refused_limit numeric, refused_room numeric,
    refused_until date, exceeded text
) LANGUAGE plpgsql AS $$
DECLARE
    period_ids bigint[];
    names text[];
    limits numeric[];
    used numeric[];
    hard boolean[];
    ends date[];
    added numeric[];
    entry_periods bigint[] := '{}';
    entry_offers bigint[] := '{}';
    entry_amounts numeric[] := '{}';
    request record;
    slot integer;
    refusing integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7201);

    INSERT INTO rewards_capperiod (cap_id, starts_on, ends_on, reserved, spent)
    SELECT DISTINCT cap.id, cap_starts_on(cap.period, asked.day), cap_ends_on(cap.period, asked.day), 0, 0
    FROM jsonb_to_recordset(requests)
         AS asked (account_id bigint, campaign_id bigint, function text, reward_kind text, day date)
    CROSS JOIN LATERAL cap_targets(asked.account_id, asked.campaign_id, asked.function, asked.reward_kind) AS target
    JOIN rewards_cap AS cap
      ON cap.scope = target.scope AND cap.scope_key = target.scope_key AND cap.is_active
    WHERE NOT EXISTS (
        SELECT FROM rewards_capperiod AS period
        WHERE period.cap_id = cap.id AND period.starts_on = cap_starts_on(cap.period, asked.day))
    ORDER BY 1, 2
    ON CONFLICT (cap_id, starts_on) DO NOTHING;

    SELECT array_agg(locked.id), array_agg(locked.name), array_agg(locked."limit"), array_agg(locked.used),
           array_agg(locked.is_hard), array_agg(locked.ends_on), array_agg(0::numeric)
    INTO period_ids, names, limits, used, hard, ends, added
    FROM (
        SELECT period.id, cap.name, cap."limit", period.reserved + period.spent AS used, cap.is_hard, period.ends_on
        FROM rewards_capperiod AS period
        JOIN rewards_cap AS cap ON cap.id = period.cap_id
        WHERE (cap.id, period.starts_on) IN (
            SELECT bound.id, cap_starts_on(bound.period, asked.day)
            FROM jsonb_to_recordset(requests)
                 AS asked (account_id bigint, campaign_id bigint, function text, reward_kind text, day date)
            CROSS JOIN LATERAL
                 cap_targets(asked.account_id, asked.campaign_id, asked.function, asked.reward_kind) AS target
            JOIN rewards_cap AS bound
              ON bound.scope = target.scope AND bound.scope_key = target.scope_key AND bound.is_active)
        ORDER BY period.id
        FOR NO KEY UPDATE OF period
    ) AS locked;

    -- In the order asked: a request that one cap refuses takes no room in the others.
    FOR request IN
        SELECT asked.offer_id, asked.amount, array_agg(bound.place ORDER BY bound.place)
                   FILTER (WHERE bound.place IS NOT NULL) AS places
        FROM ROWS FROM (jsonb_to_recordset(requests) AS (
                 offer_id bigint, account_id bigint, campaign_id bigint, function text, reward_kind text,
                 amount numeric, day date))
             WITH ORDINALITY AS asked (offer_id, account_id, campaign_id, function, reward_kind, amount, day, turn)
        LEFT JOIN LATERAL (
            SELECT array_position(period_ids, period.id) AS place
            FROM cap_targets(asked.account_id, asked.campaign_id, asked.function, asked.reward_kind) AS target
            JOIN rewards_cap AS cap
              ON cap.scope = target.scope AND cap.scope_key = target.scope_key AND cap.is_active
            JOIN rewards_capperiod AS period
              ON period.cap_id = cap.id AND period.starts_on = cap_starts_on(cap.period, asked.day)
            -- Asked again for the same offer: its room is reserved already.
            WHERE NOT EXISTS (SELECT FROM rewards_capentry AS entry WHERE entry.period_id = period.id
                              AND entry.offer_id = asked.offer_id AND entry.kind = 'reserve')
        ) AS bound ON true
        GROUP BY asked.turn, asked.offer_id, asked.amount
        ORDER BY asked.turn
    LOOP
        refusing := NULL;
        offer := request.offer_id;
        exceeded := NULL;
        FOREACH slot IN ARRAY coalesce(request.places, '{}') LOOP
            CONTINUE WHEN used[slot] + request.amount <= limits[slot];
            IF hard[slot] THEN
                refusing := slot;
                EXIT;
            END IF;
            exceeded := concat_ws(', ', exceeded, names[slot]);
        END LOOP;
        is_admitted := refusing IS NULL;
        IF is_admitted THEN
            FOREACH slot IN ARRAY coalesce(request.places, '{}') LOOP
                used[slot] := used[slot] + request.amount;
                added[slot] := added[slot] + request.amount;
                entry_periods := entry_periods || period_ids[slot];
                entry_offers := entry_offers || request.offer_id;
                entry_amounts := entry_amounts || request.amount;
            END LOOP;
        END IF;
        refused_by := names[refusing];
        refused_limit := limits[refusing];
        refused_room := limits[refusing] - used[refusing];
        refused_until := ends[refusing];
        RETURN NEXT;
    END LOOP;

    UPDATE rewards_capperiod AS period SET reserved = period.reserved + more.amount
    FROM unnest(period_ids, added) AS more (id, amount)
    WHERE period.id = more.id AND more.amount > 0;

    INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at)
    SELECT entry.period_id, entry.offer_id, 'reserve', entry.amount, clock_timestamp()
    FROM unnest(entry_periods, entry_offers, entry_amounts) AS entry (period_id, offer_id, amount);
END $$;
"""

SETTLE = """
CREATE FUNCTION caps_settle(offers bigint[], step text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    gone record;
    written integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7201);
    PERFORM period.id FROM rewards_capperiod AS period
    WHERE period.id IN (SELECT entry.period_id FROM rewards_capentry AS entry WHERE entry.offer_id = ANY (offers))
    ORDER BY period.id FOR NO KEY UPDATE;

    IF step = 'spend' THEN
        SELECT freed.offer_id, freed.at INTO gone FROM rewards_capentry AS freed
        WHERE freed.offer_id = ANY (offers) AND freed.kind = 'release'
          AND NOT EXISTS (SELECT FROM rewards_capentry AS spent WHERE spent.period_id = freed.period_id
                          AND spent.offer_id = freed.offer_id AND spent.kind = 'spend')
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the cap room of offer % was released on %', gone.offer_id, gone.at::date
                USING ERRCODE = 'LC409';
        END IF;
    END IF;

    WITH entered AS (
        INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at)
        SELECT entry.period_id, entry.offer_id, CASE step WHEN 'spend' THEN 'spend' ELSE 'release' END,
               entry.amount, clock_timestamp()
        FROM rewards_capentry AS entry
        WHERE entry.offer_id = ANY (offers)
          AND entry.kind = CASE step WHEN 'refund' THEN 'spend' ELSE 'reserve' END
          AND NOT EXISTS (SELECT FROM rewards_capentry AS after WHERE after.period_id = entry.period_id
                          AND after.offer_id = entry.offer_id
                          AND (after.kind = 'release' OR (after.kind = 'spend' AND step <> 'refund')))
        ORDER BY entry.id
        ON CONFLICT (period_id, offer_id, kind) DO NOTHING
        RETURNING period_id, amount
    ), moved AS (
        SELECT period_id, sum(amount) AS amount, count(*) AS entries FROM entered GROUP BY period_id
    ), settled AS (
        UPDATE rewards_capperiod AS period SET
            reserved = period.reserved - CASE step WHEN 'refund' THEN 0 ELSE moved.amount END,
            spent = period.spent + CASE step WHEN 'spend' THEN moved.amount
                                             WHEN 'refund' THEN -moved.amount ELSE 0 END
        FROM moved WHERE period.id = moved.period_id
        RETURNING moved.entries
    )
    SELECT coalesce(sum(entries), 0) INTO written FROM settled;
    RETURN written;
END $$;
"""

UNDO = """
DROP FUNCTION caps_settle(bigint[], text);
DROP FUNCTION caps_reserve(jsonb);
DROP FUNCTION cap_ends_on(text, date);
DROP FUNCTION cap_starts_on(text, date);
DROP FUNCTION cap_targets(bigint, bigint, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_ledger_post")]
    operations = [migrations.RunSQL(TARGETS + RESERVE + SETTLE, UNDO)]
