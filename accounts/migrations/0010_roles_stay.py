"""A role was confirmed at one account: who goes to another leaves it behind, and the audit tells it.

Contacts are moved by calls, by records and by files: here is the one place that all of them pass.
"""

from django.db import migrations

ROLES = """
CREATE FUNCTION leave_role_behind() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    NEW.role := 'user';
    INSERT INTO core_auditline (at, actor_name, verb, object_type, object_id, object_label, before, after, reason)
    SELECT now(), 'The programme', 'contact_role_set', 'contact', OLD.id::text, left('a contact of ' || name, 300),
           jsonb_build_object('role', replace(OLD.role, '_', ' ')), jsonb_build_object('role', NEW.role),
           'They went to another account, where Customer Success has confirmed no role of theirs.'
    FROM accounts_account WHERE id = OLD.account_id;
    RETURN NEW;
END $$;
CREATE TRIGGER contact_role_stays BEFORE UPDATE OF account_id ON accounts_contact
    FOR EACH ROW WHEN (OLD.role <> 'user' AND NEW.role = OLD.role AND NEW.account_id IS DISTINCT FROM OLD.account_id)
    EXECUTE FUNCTION leave_role_behind();
"""
UNDO = """
DROP TRIGGER contact_role_stays ON accounts_contact;
DROP FUNCTION leave_role_behind();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_append_only"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(ROLES, UNDO)]
