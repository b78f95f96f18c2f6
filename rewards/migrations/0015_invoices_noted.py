"""An invoice is noted once, with the way in which credits reached invoices then.

By file it is lowered once it waits for its payment; by Stripe only while it is a
draft, and what never was one is noted to say so.
"""

from django.db import migrations

NOTE = """
CREATE FUNCTION note_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'void' THEN
        UPDATE rewards_invoicecredit SET state = CASE state WHEN 'due' THEN 'nothing' ELSE 'voided' END
        WHERE invoice_id = NEW.id AND state IN ('applied', 'sending', 'due');
    ELSE
        INSERT INTO rewards_invoicecredit (invoice_id, way)
        SELECT NEW.id, connector FROM rewards_billingsettings
        WHERE connector = 'stripe' OR (connector = 'file' AND NEW.status = 'open')
        ON CONFLICT (invoice_id) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_invoice AFTER INSERT OR UPDATE ON accounts_invoice FOR EACH ROW
    WHEN (NEW.cause IN ('subscription_cycle', 'subscription_update')
          AND (NEW.status IN ('draft', 'open') AND NEW.due > 0 OR NEW.status = 'void'))
    EXECUTE FUNCTION note_invoice();
"""

UNDO = """
DROP TRIGGER note_invoice ON accounts_invoice;
DROP FUNCTION note_invoice();
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0014_delivery_tasks")]
    operations = [migrations.RunSQL(NOTE, UNDO)]
