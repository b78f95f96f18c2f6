"""The one way into the ledger, and the triggers that hold whoever goes round it."""

from django.db import migrations

BALANCE = """
CREATE FUNCTION ledger_lines_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT posting_id, currency, sum(amount) AS total INTO wrong
    FROM added GROUP BY posting_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'posting % does not balance: its lines sum to % %',
            wrong.posting_id, wrong.total, wrong.currency USING ERRCODE = 'check_violation';
    END IF;
    -- All lines of a posting come in one statement: what is there besides was there before.
    SELECT added.posting_id, count(*) AS came,
           (SELECT count(*) FROM rewards_postingline AS line WHERE line.posting_id = added.posting_id) AS stand
    INTO wrong
    FROM added GROUP BY added.posting_id
    HAVING count(*) < 2
        OR count(*) <> (SELECT count(*) FROM rewards_postingline AS line WHERE line.posting_id = added.posting_id)
    LIMIT 1;
    IF FOUND AND wrong.came = wrong.stand THEN
        RAISE EXCEPTION 'posting % has one line only', wrong.posting_id USING ERRCODE = 'check_violation';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'posting % has its lines already; nothing can be added to it', wrong.posting_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER lines_balance AFTER INSERT ON rewards_postingline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_balance();

CREATE FUNCTION ledger_posting_has_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rewards_postingline WHERE posting_id = NEW.id) THEN
        RAISE EXCEPTION 'posting % has no lines', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER posting_has_lines AFTER INSERT ON rewards_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_posting_has_lines();
"""

POST = """
CREATE FUNCTION ledger_post(
    the_key text, the_kind text, the_day date, customer bigint, the_cause text, undoes bigint, the_lines jsonb
) RETURNS TABLE (posted bigint, is_new boolean) LANGUAGE plpgsql AS $$
DECLARE
    here bigint;
    written bigint;
    difference text;
BEGIN
    INSERT INTO rewards_posting (key, kind, booked_on, written_at, account_id, cause, reverses_id)
    VALUES (the_key, the_kind, the_day, now(), customer, the_cause, undoes)
    ON CONFLICT (key) DO NOTHING
    RETURNING id INTO here;

    IF here IS NOT NULL THEN
        INSERT INTO rewards_postingline (posting_id, ledger_account_id, lot_id, amount, currency)
        SELECT here, book.id, given.lot, given.amount, given.currency
        FROM ROWS FROM (jsonb_to_recordset(the_lines) AS (book text, lot bigint, amount numeric, currency text))
             WITH ORDINALITY AS given (book, lot, amount, currency, place)
        JOIN rewards_ledgeraccount AS book ON book.code = given.book
        ORDER BY given.place;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written <> jsonb_array_length(the_lines) THEN
            RAISE EXCEPTION 'posting % names an account that the chart does not have', the_key
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        RETURN QUERY SELECT here, true;
        RETURN;
    END IF;

    SELECT posting.id, concat_ws('; ',
        CASE WHEN posting.kind <> the_kind
             THEN format('kind is %s, not %s', posting.kind, the_kind) END,
        CASE WHEN posting.booked_on <> the_day
             THEN format('it is booked on %s, not %s', posting.booked_on, the_day) END,
        CASE WHEN posting.account_id <> customer
             THEN format('its customer is %s, not %s', posting.account_id, customer) END,
        CASE WHEN posting.reverses_id IS DISTINCT FROM undoes
             THEN format('it reverses %s, not %s', coalesce(posting.reverses_id::text, 'nothing'),
                         coalesce(undoes::text, 'nothing')) END,
        CASE WHEN stands.lines IS DISTINCT FROM wanted.lines
             THEN format('its lines are [%s], not [%s]', stands.lines, wanted.lines) END)
    INTO here, difference
    FROM rewards_posting AS posting,
    LATERAL (
        SELECT string_agg(line.said, ', ' ORDER BY line.said COLLATE "C") AS lines
        FROM (SELECT format('%s %s %s%s', book.code, l.amount, l.currency, ' lot ' || l.lot_id) AS said
              FROM rewards_postingline AS l JOIN rewards_ledgeraccount AS book ON book.id = l.ledger_account_id
              WHERE l.posting_id = posting.id) AS line) AS stands,
    LATERAL (
        SELECT string_agg(line.said, ', ' ORDER BY line.said COLLATE "C") AS lines
        FROM (SELECT format('%s %s %s%s', l.book, l.amount::numeric(14, 2), l.currency, ' lot ' || l.lot) AS said
              FROM jsonb_to_recordset(the_lines)
                   AS l (book text, lot bigint, amount numeric, currency text)) AS line) AS wanted
    WHERE posting.key = the_key;

    IF difference <> '' THEN
        RAISE EXCEPTION 'posting % stands already with other content: %', the_key, difference
            USING ERRCODE = 'LD409';
    END IF;
    RETURN QUERY SELECT here, false;
END $$;
"""

UNDO = """
DROP FUNCTION ledger_post(text, text, date, bigint, text, bigint, jsonb);
DROP TRIGGER posting_has_lines ON rewards_posting;
DROP TRIGGER lines_balance ON rewards_postingline;
DROP FUNCTION ledger_posting_has_lines();
DROP FUNCTION ledger_lines_balance();
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0003_chart_of_accounts")]
    operations = [migrations.RunSQL(BALANCE + POST, UNDO)]
