"""Nobody who was erased comes back by a statement that was under way meanwhile.

An insert that finds their id waits for the erasure, and then goes on without
asking the trigger before it again: so it is asked behind the statement as well.
Whoever asks who was erased, and keeps something by the answer, is asked to hold
off the next erasure until that is kept, where it is struck out with the rest.
"""

from django.db import migrations

NO_WAY_BACK = """
CREATE FUNCTION hold_off_erasures() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(hashtextextended('erasure', 0))
$$;
CREATE FUNCTION begin_erasure() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('erasure', 0))
$$;

-- Each statement sees what was committed before it began, so what the lock waited for is seen.
CREATE FUNCTION erased_among(external_ids text[]) RETURNS SETOF text LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    PERFORM hold_off_erasures();
    RETURN QUERY SELECT id FROM unnest(external_ids) AS id WHERE contact_was_erased(id);
END $$;

CREATE FUNCTION refuse_erased_meanwhile() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF EXISTS (SELECT FROM made WHERE contact_was_erased(external_id)) THEN
        RAISE EXCEPTION 'a contact was erased meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_was_erased_meanwhile AFTER INSERT ON accounts_contact
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION refuse_erased_meanwhile();
"""
UNDO = """
DROP TRIGGER contact_was_erased_meanwhile ON accounts_contact;
DROP FUNCTION refuse_erased_meanwhile();
DROP FUNCTION erased_among(text[]);
DROP FUNCTION begin_erasure();
DROP FUNCTION hold_off_erasures();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_plan_segments_since")]
    operations = [migrations.RunSQL(NO_WAY_BACK, UNDO)]
