"""Accounts of an unknown time zone have none, and days of use are told anew in another one."""

from django.db import migrations

ZONES = """
CREATE FUNCTION keep_known_time_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    PERFORM now() AT TIME ZONE NEW.time_zone;
    RETURN NEW;
EXCEPTION WHEN invalid_parameter_value THEN
    NEW.time_zone := '';
    RETURN NEW;
END $$;
CREATE TRIGGER account_time_zone_known BEFORE INSERT OR UPDATE OF time_zone ON accounts_account
    FOR EACH ROW WHEN (NEW.time_zone <> '') EXECUTE FUNCTION keep_known_time_zone();

CREATE FUNCTION mark_days_of_time_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT NEW.id, day FROM accounts_dailyusage WHERE account_id = NEW.id ORDER BY day LIMIT 1;
    RETURN NULL;
END $$;
CREATE TRIGGER account_time_zone_marks AFTER UPDATE OF time_zone ON accounts_account
    FOR EACH ROW WHEN (NEW.time_zone IS DISTINCT FROM OLD.time_zone) EXECUTE FUNCTION mark_days_of_time_zone();
"""
UNDO = """
DROP TRIGGER account_time_zone_marks ON accounts_account;
DROP FUNCTION mark_days_of_time_zone();
DROP TRIGGER account_time_zone_known ON accounts_account;
DROP FUNCTION keep_known_time_zone();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_erased_stay_away")]
    operations = [migrations.RunSQL(ZONES, UNDO)]
