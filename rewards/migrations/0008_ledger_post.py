"""The one way into the ledger. What is about all customers names none."""

from django.db import migrations

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
        CASE WHEN posting.account_id IS DISTINCT FROM customer
             THEN format('its customer is %s, not %s', coalesce(posting.account_id::text, 'nobody'), coalesce(customer::text, 'nobody')) END,
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


class Migration(migrations.Migration):
    dependencies = [("rewards", "0007_ledger_guards")]
    operations = [
        migrations.RunSQL(POST, "DROP FUNCTION ledger_post(text, text, date, bigint, text, bigint, jsonb)"),
    ]
