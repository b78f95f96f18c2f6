"""What the ledger refuses, whoever writes to it: the triggers that hold whoever goes round `ledger_post`."""

from django.db import migrations

# All lines of a posting are there, come at once, and sum to zero.
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

# Every posting holds the lock in share to its end, so that whoever closes a month waits for those in flight,
# and those that come after see the month closed.
CLOSED = """
CREATE FUNCTION ledger_posting_waits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    late record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7205);
    SELECT added.key, added.booked_on INTO late FROM added
    WHERE EXISTS (SELECT FROM rewards_closedmonth AS closed
                  WHERE closed.is_closed AND closed.month >= date_trunc('month', added.booked_on)::date)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The month of % is closed: nothing can be dated into it.', late.booked_on
            USING ERRCODE = 'LD423', DETAIL = format('posting %s', late.key);
    END IF;
    INSERT INTO rewards_unfoldedposting (posting_id) SELECT id FROM added;
    RETURN NULL;
END $$;

CREATE TRIGGER posting_waits AFTER INSERT ON rewards_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_waits();
"""

LOTS = """
-- Whose the account was on the day of issue; the days before it are looked at, should that day have no facts yet.
CREATE FUNCTION ledger_lot_of_whom() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tier = '' AND NEW.segment = '' THEN
        SELECT coalesce(facts.tier, ''), coalesce(facts.primary_segment, '') INTO NEW.tier, NEW.segment
        FROM accounts_accountfacts AS facts
        WHERE facts.account_id = NEW.account_id AND facts.day BETWEEN NEW.issued_on - 31 AND NEW.issued_on
        ORDER BY facts.day DESC LIMIT 1;
        NEW.tier := coalesce(NEW.tier, '');
        NEW.segment := coalesce(NEW.segment, '');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER lot_of_whom BEFORE INSERT ON rewards_creditlot FOR EACH ROW EXECUTE FUNCTION ledger_lot_of_whom();
"""

UNDO = """
DROP TRIGGER lot_of_whom ON rewards_creditlot;
DROP TRIGGER posting_waits ON rewards_posting;
DROP TRIGGER posting_has_lines ON rewards_posting;
DROP TRIGGER lines_balance ON rewards_postingline;
DROP FUNCTION ledger_lot_of_whom(), ledger_posting_waits(), ledger_posting_has_lines(), ledger_lines_balance();
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0006_chart_of_accounts"), ("accounts", "0005_facts_table")]
    operations = [migrations.RunSQL(BALANCE + CLOSED + LOTS, UNDO)]
