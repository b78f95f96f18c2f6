"""Who was erased is kept from coming back by the database itself.

Ids of contacts come in by many ways: a row of such an id is not inserted. The
digest is salted with a value that only this database has.
"""

from django.db import migrations

SUPPRESSION = """
CREATE TABLE accounts_suppressionsalt (salt text NOT NULL);
INSERT INTO accounts_suppressionsalt SELECT gen_random_uuid()::text || gen_random_uuid()::text;

CREATE FUNCTION suppression_digest(external_id text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(salt || external_id, 'UTF8')), 'hex') FROM accounts_suppressionsalt LIMIT 1
$$;

CREATE FUNCTION contact_was_erased(external_id text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM accounts_suppressed WHERE digest = suppression_digest(external_id))
$$;

CREATE FUNCTION keep_erased_away() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF contact_was_erased(NEW.external_id) THEN RETURN NULL; END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_erased_away BEFORE INSERT ON accounts_contact
FOR EACH ROW EXECUTE FUNCTION keep_erased_away();
"""
UNDO = """
DROP TRIGGER keep_erased_away ON accounts_contact;
DROP FUNCTION keep_erased_away();
DROP FUNCTION contact_was_erased(text);
DROP FUNCTION suppression_digest(text);
DROP TABLE accounts_suppressionsalt;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_facts_table")]
    operations = [migrations.RunSQL(SUPPRESSION, UNDO)]
