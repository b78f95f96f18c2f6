"""A posting, its lines and its audit line by one call; whether a posting stands already is asked by another.

So nothing is rolled back when a key stands or a month is closed, no savepoint is needed, and a posting that is new
costs one statement.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("rewards.migrations.0008_ledger_post").POST
BALANCE_BEFORE = import_module("rewards.migrations.0007_ledger_guards").BALANCE.split("CREATE TRIGGER", 1)[0]

# The key has its posting, or the month is closed: no row comes back, nothing is written, `ledger_standing` tells which.
POST = """
DROP FUNCTION ledger_post(text, text, date, bigint, text, bigint, jsonb);

CREATE FUNCTION ledger_post(
    the_key text, the_kind text, the_day date, customer bigint, the_cause text, undoes bigint, the_lines jsonb,
    actor bigint, the_actor_name text, in_words text, told jsonb, why text
) RETURNS TABLE (posted bigint, moment timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    came bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7205);
    IF EXISTS (SELECT FROM rewards_closedmonth AS closed
               WHERE closed.is_closed AND closed.month >= date_trunc('month', the_day)::date) THEN
        RETURN;
    END IF;

    INSERT INTO rewards_posting (key, kind, booked_on, written_at, account_id, cause, reverses_id)
    VALUES (the_key, the_kind, the_day, now(), customer, the_cause, undoes)
    ON CONFLICT (key) DO NOTHING
    RETURNING id, written_at INTO posted, moment;
    IF posted IS NULL THEN
        RETURN;
    END IF;

    -- Each account is looked up by itself, which no plan can turn into a reading of all of them.
    INSERT INTO rewards_postingline (posting_id, ledger_account_id, lot_id, amount, currency)
    SELECT posted, book.id, given.lot, given.amount, given.currency
    FROM ROWS FROM (jsonb_to_recordset(the_lines) AS (book text, lot bigint, amount numeric, currency text))
         WITH ORDINALITY AS given (book, lot, amount, currency, place)
    CROSS JOIN LATERAL (
        SELECT known.id FROM rewards_ledgeraccount AS known WHERE known.code = given.book OFFSET 0) AS book
    ORDER BY given.place;
    GET DIAGNOSTICS came = ROW_COUNT;
    IF came <> jsonb_array_length(the_lines) THEN
        RAISE EXCEPTION 'posting % names an account that the chart does not have', the_key
            USING ERRCODE = 'foreign_key_violation';
    END IF;

    INSERT INTO core_auditline (at, actor_id, actor_name, verb, object_type, object_id, object_label, after, reason)
    VALUES (moment, actor, the_actor_name, 'ledger_posted', 'posting', posted::text,
            left(in_words || ' for ' || coalesce(
                (SELECT account.name FROM accounts_account AS account WHERE account.id = customer), 'All customers'),
                300),
            told, why);
    RETURN NEXT;
END $$;
"""

# Held against each other as before, word for word.
COMPARED = BEFORE[BEFORE.index("    SELECT posting.id, concat_ws") : BEFORE.index("    IF difference")]
STANDING = f"""
CREATE FUNCTION ledger_standing(
    the_key text, the_kind text, the_day date, customer bigint, undoes bigint, the_lines jsonb
) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    here bigint;
    difference text;
BEGIN
{COMPARED}    IF here IS NULL THEN
        RAISE EXCEPTION 'The month of % is closed: nothing can be dated into it.', the_day
            USING ERRCODE = 'LD423', DETAIL = format('posting %s', the_key);
    ELSIF difference <> '' THEN
        RAISE EXCEPTION 'posting % stands already with other content: %', the_key, difference
            USING ERRCODE = 'LD409';
    END IF;
    RETURN here;
END $$;
"""

# A line is never zero, so that lines that sum to zero are at least two. They come in one statement: what is there
# besides was there before. Which of the two is wrong is asked only when something is.
BALANCE = """
CREATE OR REPLACE FUNCTION ledger_lines_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT each.posting_id, each.came, each.totals INTO wrong
    FROM (
        SELECT side.posting_id, sum(side.came) AS came,
               string_agg(side.total || ' ' || side.currency, ', ') FILTER (WHERE side.total <> 0) AS totals
        FROM (SELECT posting_id, currency, sum(amount) AS total, count(*) AS came
              FROM added GROUP BY posting_id, currency) AS side
        GROUP BY side.posting_id
    ) AS each
    WHERE each.totals IS NOT NULL
       OR each.came <> (SELECT count(*) FROM rewards_postingline AS line WHERE line.posting_id = each.posting_id)
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF wrong.totals IS NOT NULL THEN
        RAISE EXCEPTION 'posting % does not balance: its lines sum to %', wrong.posting_id, wrong.totals
            USING ERRCODE = 'check_violation';
    ELSE
        RAISE EXCEPTION 'posting % has its lines already; nothing can be added to it', wrong.posting_id
            USING ERRCODE = 'check_violation';
    END IF;
END $$;
"""


UNDO = f"""
DROP FUNCTION ledger_post(text, text, date, bigint, text, bigint, jsonb, bigint, text, text, jsonb, text);
DROP FUNCTION ledger_standing(text, text, date, bigint, bigint, jsonb);
{BEFORE}
{BALANCE_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")}
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0015_invoices_noted")]
    operations = [migrations.RunSQL(POST + STANDING + BALANCE, UNDO)]
