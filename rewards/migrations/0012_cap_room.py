"""Reserving and settling cap room: each is one call, so that the rows are locked for one round trip.

Order of locks, always: the advisory lock 7201 (shared here; exclusive while a cap
is made or edited), then a place in the queue of each period (advisory locks 7206, period),
then the period rows by their id. FOR NO KEY UPDATE, because entries of others refer to
these rows meanwhile. Who waits in the queue is woken one at a time, and looks at the row
afterwards; of those who wait for a row all are woken by each commit, and only one gets on.

An offer may ask again once its rejection was taken back: each time is a turn of its own.
"""

from django.db import migrations

# An account's own caps are left out: few ask for one at a time, while a sweep asks for those of
# thousands, and the server holds only some thousand advisory locks.
QUEUE = """
CREATE FUNCTION caps_queue(periods bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7206, (waited.id % 2147483647)::integer)
    FROM (
        SELECT period.id
        FROM rewards_capperiod AS period JOIN rewards_cap AS cap ON cap.id = period.cap_id
        WHERE period.id = ANY (periods) AND cap.scope <> 'account'
        ORDER BY period.id OFFSET 0
    ) AS waited;
END $$;
"""

RESERVE = """
CREATE FUNCTION caps_reserve(requests jsonb) RETURNS TABLE (
    offer bigint, is_admitted boolean, refused_by text, refused_measure text, refused_limit numeric,
    refused_room numeric, refused_until date, exceeded text
) LANGUAGE plpgsql AS $$
DECLARE
    turns bigint[];
    offers bigint[];
    caps bigint[];
    starts date[];
    until date[];
    takes numeric[];
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

    -- Once for all that follows, and before anybody has to wait.
    SELECT array_agg(bound.turn), array_agg(bound.offer_id), array_agg(bound.cap_id), array_agg(bound.starts_on),
           array_agg(bound.ends_on), array_agg(bound.takes)
    INTO turns, offers, caps, starts, until, takes
    FROM caps_bound(requests) AS bound;

    INSERT INTO rewards_capperiod (cap_id, starts_on, ends_on, reserved, spent)
    SELECT DISTINCT bound.cap_id, bound.starts_on, bound.ends_on, 0, 0
    FROM unnest(caps, starts, until) AS bound (cap_id, starts_on, ends_on)
    WHERE NOT EXISTS (
        SELECT FROM rewards_capperiod AS period
        WHERE period.cap_id = bound.cap_id AND period.starts_on = bound.starts_on)
    ORDER BY 1, 2
    ON CONFLICT (cap_id, starts_on) DO NOTHING;

    PERFORM caps_queue(ARRAY(
        SELECT period.id FROM rewards_capperiod AS period
        WHERE (period.cap_id, period.starts_on) IN (SELECT * FROM unnest(caps, starts))));

    SELECT array_agg(locked.id), array_agg(locked.name), array_agg(locked.measure), array_agg(locked."limit"),
           array_agg(locked.used), array_agg(locked.is_hard), array_agg(locked.ends_on), array_agg(0::numeric)
    INTO period_ids, names, measures, limits, used, hard, ends, added
    FROM (
        SELECT period.id, cap.name, cap.measure, cap."limit", period.reserved + period.spent AS used,
               cap.is_hard, period.ends_on
        FROM rewards_capperiod AS period
        JOIN rewards_cap AS cap ON cap.id = period.cap_id
        WHERE (cap.id, period.starts_on) IN (SELECT * FROM unnest(caps, starts))
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
            FROM unnest(turns, offers, caps, starts, takes) AS bound (turn, offer_id, cap_id, starts_on, takes)
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

SETTLE = """
CREATE FUNCTION caps_settle(offers bigint[], step text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    gone record;
    written integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7201);
    PERFORM caps_queue(ARRAY(SELECT entry.period_id FROM rewards_capentry AS entry WHERE entry.offer_id = ANY (offers)));
    PERFORM period.id FROM rewards_capperiod AS period
    WHERE period.id IN (SELECT entry.period_id FROM rewards_capentry AS entry WHERE entry.offer_id = ANY (offers))
    ORDER BY period.id FOR NO KEY UPDATE;

    IF step = 'spend' THEN
        SELECT freed.offer_id, freed.at INTO gone FROM rewards_capentry AS freed
        WHERE freed.offer_id = ANY (offers) AND freed.kind = 'release'
          AND NOT EXISTS (SELECT FROM rewards_capentry AS spent WHERE spent.period_id = freed.period_id
                          AND spent.offer_id = freed.offer_id AND spent.turn = freed.turn AND spent.kind = 'spend')
          AND NOT EXISTS (SELECT FROM rewards_capentry AS again WHERE again.offer_id = freed.offer_id
                          AND again.id > freed.id AND again.kind = 'reserve')
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the cap room of offer % was released on %', gone.offer_id, gone.at::date
                USING ERRCODE = 'LC409';
        END IF;
    END IF;

    WITH entered AS (
        INSERT INTO rewards_capentry (period_id, offer_id, kind, turn, amount, at)
        SELECT entry.period_id, entry.offer_id, CASE step WHEN 'spend' THEN 'spend' ELSE 'release' END, entry.turn,
               entry.amount, clock_timestamp()
        FROM rewards_capentry AS entry
        WHERE entry.offer_id = ANY (offers)
          AND entry.kind = CASE step WHEN 'refund' THEN 'spend' ELSE 'reserve' END
          AND NOT EXISTS (SELECT FROM rewards_capentry AS after WHERE after.period_id = entry.period_id
                          AND after.offer_id = entry.offer_id AND after.turn = entry.turn
                          AND (after.kind = 'release' OR (after.kind = 'spend' AND step <> 'refund')))
        ORDER BY entry.id
        ON CONFLICT (period_id, offer_id, kind, turn) DO NOTHING
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

UNDO = "DROP FUNCTION caps_settle(bigint[], text), caps_reserve(jsonb), caps_queue(bigint[])"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0011_cap_functions")]
    operations = [migrations.RunSQL(QUEUE + RESERVE + SETTLE, UNDO)]
