"""Settling cap room in one call, so that the rows are locked for one round trip. Reserving is in 0018.

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

UNDO = "DROP FUNCTION caps_settle(bigint[], text), caps_queue(bigint[])"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0011_cap_functions")]
    operations = [migrations.RunSQL(QUEUE + SETTLE, UNDO)]
