"""Reserving cap room: for one offer at a time, and for any number in one call.

Many come as arrays side by side, in the order in which they ask: the number (from 1) of their facts in `facts`, the
offer, its account, and its amount.

Both in the order of locks that 0012 tells. Offers come by the thousand, or one at a time from many clients at
once; so one goes through a few statements whose plans are kept, and holds the row for two of them, while many
are looked up, weighed and entered by sets, one after the other only where some limit would be passed.
"""

from django.db import migrations

# A cast from text to interval is not immutable, so with it the function was called for every row, never inlined.
ENDS_ON = """
CREATE OR REPLACE FUNCTION cap_ends_on(period text, day date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE period
        WHEN 'total' THEN date '9999-01-01'
        WHEN 'month' THEN (date_trunc('month', day::timestamp) + interval '1 month')::date
        WHEN 'quarter' THEN (date_trunc('quarter', day::timestamp) + interval '3 months')::date
        WHEN 'year' THEN (date_trunc('year', day::timestamp) + interval '1 year')::date
    END
$$;
"""

# What each request is told; `exceeded` names the soft caps that it passes.
ANSWERS = """ RETURNS TABLE (
    offer bigint, is_admitted boolean, refused_by text, refused_measure text, refused_limit numeric,
    refused_room numeric, refused_until date, exceeded text
) LANGUAGE plpgsql AS $$"""

# Gives one row, or none where it is not for this way and nothing was done: a period of which nobody asked before,
# an offer that has entries already, room that went to others while it waited, and then more.
RESERVE_ONE = (
    """
CREATE FUNCTION caps_reserve_one(
    of_offer bigint, of_account bigint, of_campaign bigint, of_function text, of_reward_kind text, of_reward bigint,
    by_hand boolean, of_tier text, of_segment text, asked numeric, on_day date, term_starts_on date, term_ends_on date
)"""
    + ANSWERS
    + """
DECLARE
    periods bigint[];
    takes numeric[];
    limits numeric[];
    hard boolean[];
    queues integer[];
    is_new boolean;
    is_full boolean;
    is_passed boolean;
BEGIN
    -- Here and below: an expression costs less than a statement.
    IF pg_advisory_xact_lock_shared(7201) IS NULL THEN END IF;

    SELECT array_agg(bound.period_id), array_agg(bound.takes), array_agg(bound."limit"), array_agg(bound.is_hard),
           array_agg(bound.queue) FILTER (WHERE bound.queue IS NOT NULL), bool_or(bound.period_id IS NULL),
           bool_or(bound.is_hard AND bound.used + bound.takes > bound."limit")
    INTO periods, takes, limits, hard, queues, is_new, is_full
    FROM (
        SELECT period.id AS period_id, cap_takes(cap.measure, asked, by_hand) AS takes, cap."limit", cap.is_hard,
               CASE WHEN cap.scope <> 'account' THEN (period.id % 2147483647)::integer END AS queue,
               period.reserved + period.spent AS used
        FROM cap_targets(
            of_account, of_campaign, of_function, of_reward_kind, of_reward, of_tier, of_segment) AS target
        JOIN rewards_cap AS cap
          ON cap.scope = target.scope AND cap.scope_key = target.scope_key AND cap.is_active
        LEFT JOIN rewards_capperiod AS period
          ON period.cap_id = cap.id AND period.starts_on = cap_starts_on(cap.period, on_day, term_starts_on)
        WHERE cap_takes(cap.measure, asked, by_hand) IS NOT NULL
        ORDER BY period.id
    ) AS bound;

    IF is_new THEN
        RETURN;
    END IF;
    offer := of_offer;
    is_admitted := NOT coalesce(is_full, false);
    IF is_full THEN
        -- What is committed leaves no room: nobody who waits could tell otherwise.
        RETURN QUERY
        SELECT of_offer, false, cap.name::text, cap.measure::text, cap."limit",
               cap."limit" - period.reserved - period.spent, period.ends_on, NULL
        FROM rewards_capperiod AS period JOIN rewards_cap AS cap ON cap.id = period.cap_id
        WHERE period.id = ANY (periods) AND cap.is_hard
          AND period.reserved + period.spent + cap_takes(cap.measure, asked, by_hand) > cap."limit"
          AND NOT EXISTS (SELECT FROM rewards_capentry AS entry WHERE entry.offer_id = of_offer)
        ORDER BY period.id
        LIMIT 1;
        RETURN;
    END IF;

    FOR place IN 1 .. coalesce(cardinality(queues), 0) LOOP
        IF pg_advisory_xact_lock(7206, queues[place]) IS NULL THEN END IF;
    END LOOP;
    IF cardinality(periods) > coalesce(cardinality(queues), 0) THEN
        PERFORM FROM rewards_capperiod AS period WHERE period.id = ANY (periods)
        ORDER BY period.id FOR NO KEY UPDATE;
    END IF;

    -- From here on nobody else takes or frees room of these periods: each statement sees what is so.
    FOR place IN 1 .. coalesce(cardinality(periods), 0) LOOP
        UPDATE rewards_capperiod AS period SET reserved = period.reserved + takes[place]
        WHERE period.id = periods[place]
          AND (NOT hard[place] OR period.reserved + period.spent + takes[place] <= limits[place])
          AND NOT EXISTS (SELECT FROM rewards_capentry AS entry
                          WHERE entry.period_id = periods[place] AND entry.offer_id = of_offer)
        RETURNING period.reserved + period.spent > limits[place] INTO is_passed;
        IF NOT FOUND THEN
            FOR taken IN 1 .. place - 1 LOOP
                UPDATE rewards_capperiod AS period SET reserved = period.reserved - takes[taken]
                WHERE period.id = periods[taken];
            END LOOP;
            RETURN;
        END IF;
        IF is_passed THEN
            exceeded := concat_ws(', ', exceeded, (
                SELECT cap.name FROM rewards_capperiod AS period JOIN rewards_cap AS cap ON cap.id = period.cap_id
                WHERE period.id = periods[place]));
        END IF;
    END LOOP;
    FOR place IN 1 .. coalesce(cardinality(periods), 0) LOOP
        INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at, turn)
        VALUES (periods[place], of_offer, 'reserve', takes[place], clock_timestamp(), 1);
    END LOOP;
    RETURN NEXT;
END $$;
"""
)

# A row for each cap that binds a request, and at least one for each request. Many ask with the same facts, so what
# binds by them is looked up once for all of those; only the caps of an account are looked up for each.
BOUND = """
DROP FUNCTION IF EXISTS caps_reserve(jsonb), caps_bound(jsonb);

CREATE FUNCTION caps_bound(
    facts jsonb, of_facts integer[], of_offers bigint[], of_accounts bigint[], amounts numeric[]
) RETURNS TABLE (
    turn bigint, offer_id bigint, cap_id bigint, starts_on date, ends_on date, takes numeric
) LANGUAGE sql STABLE AS $$
    WITH told AS MATERIALIZED (
        SELECT * FROM ROWS FROM (jsonb_to_recordset(facts) AS (
            campaign_id bigint, function text, reward_kind text, reward_id bigint, is_by_hand boolean, tier text,
            segment text, day date, term_starts_on date, term_ends_on date))
        WITH ORDINALITY AS told (campaign_id, function, reward_kind, reward_id, is_by_hand, tier, segment, day,
                                 term_starts_on, term_ends_on, fact)
    ), asked AS MATERIALIZED (
        SELECT * FROM ROWS FROM (unnest(of_facts), unnest(of_offers), unnest(of_accounts), unnest(amounts))
        WITH ORDINALITY AS asked (fact, offer_id, account_id, amount, turn)
    )
    SELECT asked.turn, asked.offer_id, known.cap_id, known.starts_on, known.ends_on,
           cap_takes(known.measure, asked.amount, known.is_by_hand)
    FROM asked
    LEFT JOIN (
        SELECT told.fact, told.is_by_hand, cap.id AS cap_id, cap.measure,
               cap_starts_on(cap.period, told.day, told.term_starts_on) AS starts_on,
               cap_ends_on(cap.period, told.day, told.term_ends_on) AS ends_on
        FROM told
        CROSS JOIN LATERAL cap_targets(
            NULL, told.campaign_id, told.function, told.reward_kind, told.reward_id, told.tier, told.segment
        ) AS target
        JOIN rewards_cap AS cap
          ON cap.scope = target.scope AND cap.scope_key = target.scope_key AND cap.is_active
        WHERE cap_takes(cap.measure, 0, told.is_by_hand) IS NOT NULL
        OFFSET 0
    ) AS known ON known.fact = asked.fact
    UNION ALL
    SELECT asked.turn, asked.offer_id, cap.id, cap_starts_on(cap.period, told.day, told.term_starts_on),
           cap_ends_on(cap.period, told.day, told.term_ends_on), cap_takes(cap.measure, asked.amount, told.is_by_hand)
    FROM rewards_cap AS cap
    JOIN asked ON asked.account_id::text = cap.scope_key
    JOIN told ON told.fact = asked.fact
    WHERE cap.scope = 'account' AND cap.is_active AND cap_takes(cap.measure, 0, told.is_by_hand) IS NOT NULL
$$;
"""

RESERVE = (
    """
CREATE FUNCTION caps_reserve(
    facts jsonb, of_facts integer[], of_offers bigint[], of_accounts bigint[], amounts numeric[]
)"""
    + ANSWERS
    + """
DECLARE
    turns bigint[];
    offers bigint[];
    caps bigint[];
    starts date[];
    until date[];
    takes numeric[];
    -- Of each period that is asked for, and what is asked of it.
    asked_caps bigint[];
    asked_starts date[];
    asked_until date[];
    asked_amounts numeric[];
    period_ids bigint[];
    period_caps bigint[];
    period_starts date[];
    wanted numeric[];
    has_room boolean;
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
    FROM caps_bound(facts, of_facts, of_offers, of_accounts, amounts) AS bound;

    SELECT array_agg(asked.cap_id), array_agg(asked.starts_on), array_agg(asked.ends_on), array_agg(asked.takes)
    INTO asked_caps, asked_starts, asked_until, asked_amounts
    FROM (
        SELECT bound.cap_id, bound.starts_on, bound.ends_on, sum(bound.takes) AS takes
        FROM unnest(caps, starts, until, takes) AS bound (cap_id, starts_on, ends_on, takes)
        WHERE bound.cap_id IS NOT NULL
        GROUP BY bound.cap_id, bound.starts_on, bound.ends_on
    ) AS asked;

    INSERT INTO rewards_capperiod (cap_id, starts_on, ends_on, reserved, spent)
    SELECT asked.cap_id, asked.starts_on, asked.ends_on, 0, 0
    FROM unnest(asked_caps, asked_starts, asked_until) AS asked (cap_id, starts_on, ends_on)
    WHERE NOT EXISTS (
        SELECT FROM rewards_capperiod AS period
        WHERE period.cap_id = asked.cap_id AND period.starts_on = asked.starts_on)
    ORDER BY 1, 2
    ON CONFLICT (cap_id, starts_on) DO NOTHING;

    PERFORM caps_queue(ARRAY(
        SELECT period.id
        FROM unnest(asked_caps, asked_starts) AS asked (cap_id, starts_on)
        JOIN rewards_capperiod AS period ON period.cap_id = asked.cap_id AND period.starts_on = asked.starts_on));

    SELECT array_agg(locked.id), array_agg(locked.cap_id), array_agg(locked.starts_on), array_agg(locked.name),
           array_agg(locked.measure), array_agg(locked."limit"), array_agg(locked.used), array_agg(locked.is_hard),
           array_agg(locked.ends_on), array_agg(0::numeric), array_agg(locked.takes),
           coalesce(bool_and(locked.used + locked.takes <= locked."limit"), true)
    INTO period_ids, period_caps, period_starts, names, measures, limits, used, hard, ends, added, wanted, has_room
    FROM (
        SELECT period.id, period.cap_id, period.starts_on, cap.name, cap.measure, cap."limit",
               period.reserved + period.spent AS used, cap.is_hard, period.ends_on, asked.takes
        FROM unnest(asked_caps, asked_starts, asked_amounts) AS asked (cap_id, starts_on, takes)
        JOIN rewards_capperiod AS period ON period.cap_id = asked.cap_id AND period.starts_on = asked.starts_on
        JOIN rewards_cap AS cap ON cap.id = period.cap_id
        ORDER BY period.id
        FOR NO KEY UPDATE OF period
    ) AS locked;

    -- Offers that never asked before, and no limit that all of them together would pass: no order decides anything.
    IF has_room AND NOT EXISTS (SELECT FROM rewards_capentry AS entry WHERE entry.offer_id = ANY (of_offers)) THEN
        UPDATE rewards_capperiod AS period SET reserved = period.reserved + more.amount
        FROM unnest(period_ids, wanted) AS more (id, amount)
        WHERE period.id = more.id AND more.amount > 0;

        INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at, turn)
        SELECT period.id, bound.offer_id, 'reserve', bound.takes, clock_timestamp(), 1
        FROM unnest(offers, caps, starts, takes) AS bound (offer_id, cap_id, starts_on, takes)
        JOIN unnest(period_ids, period_caps, period_starts) AS period (id, cap_id, starts_on)
          ON period.cap_id = bound.cap_id AND period.starts_on = bound.starts_on;

        RETURN QUERY
        SELECT DISTINCT asked.offer_id, true, NULL::text, NULL::text, NULL::numeric, NULL::numeric, NULL::date, NULL::text
        FROM unnest(of_offers) AS asked (offer_id);
        RETURN;
    END IF;

    -- In the order asked: a request that one cap refuses takes no room in the others.
    FOR request IN
        SELECT bound.offer_id,
               array_agg(bound.place ORDER BY bound.place) FILTER (WHERE bound.place IS NOT NULL) AS places,
               array_agg(bound.takes ORDER BY bound.place) FILTER (WHERE bound.place IS NOT NULL) AS takes
        FROM (
            SELECT each.turn, each.offer_id, each.takes, array_position(period_ids, period.id) AS place
            FROM unnest(turns, offers, caps, starts, takes) AS each (turn, offer_id, cap_id, starts_on, takes)
            LEFT JOIN rewards_capperiod AS period
              ON period.cap_id = each.cap_id AND period.starts_on = each.starts_on
             -- Asked again for the same offer: its room is reserved already.
             AND NOT EXISTS (SELECT FROM rewards_capentry AS entry WHERE entry.period_id = period.id
                             AND entry.offer_id = each.offer_id AND entry.kind = 'reserve'
                             AND NOT EXISTS (SELECT FROM rewards_capentry AS freed
                                             WHERE freed.period_id = entry.period_id AND freed.turn = entry.turn
                                               AND freed.offer_id = entry.offer_id AND freed.kind = 'release')
                             -- Looked up by the offer, one by one: joined, a whole period may be read for each.
                             OFFSET 0)
        ) AS bound
        GROUP BY bound.turn, bound.offer_id
        ORDER BY bound.turn
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
)

UNDO = """
DROP FUNCTION caps_reserve_one(
    bigint, bigint, bigint, text, text, bigint, boolean, text, text, numeric, date, date, date);
DROP FUNCTION caps_reserve(jsonb, integer[], bigint[], bigint[], numeric[]);
DROP FUNCTION caps_bound(jsonb, integer[], bigint[], bigint[], numeric[]);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0017_assumptions")]
    operations = [migrations.RunSQL(ENDS_ON + BOUND + RESERVE_ONE + RESERVE, UNDO)]
