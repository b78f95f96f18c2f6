"""Partitions of the account facts, made by two sessions at once and without stopping readers.

An advisory lock does not show a session what another has just created; the
lock of the table itself does. Attaching a table that stands already needs no
more than that lock, where CREATE … PARTITION OF would shut everybody out.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION ensure_facts_partitions(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    month date := date_trunc('month', first_day);
    name text;
    made integer := 0;
BEGIN
    IF last_day - first_day > 4000 THEN
        RAISE EXCEPTION 'More than ten years of facts were asked for: % to %', first_day, last_day;
    END IF;
    WHILE month <= last_day LOOP
        name := 'accounts_accountfacts_' || to_char(month, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            LOCK TABLE accounts_accountfacts IN SHARE UPDATE EXCLUSIVE MODE;
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE accounts_accountfacts INCLUDING ALL)', name);
                EXECUTE format(
                    'ALTER TABLE accounts_accountfacts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                    name, month, month + interval '1 month');
                made := made + 1;
            END IF;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_profile_times")]
    operations = [migrations.RunSQL(FUNCTION, migrations.RunSQL.noop)]
