"""What is told of a delivered offer has the offer's own last day, which may come before the grant's.

The day is written by the statement that moves the offer, so that the trigger finds it there.
"""

from django.db import migrations

DELIVERED = """
CREATE OR REPLACE FUNCTION outbox_delivered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('offer.delivered') THEN
        PERFORM outbox_put('offer.delivered', jsonb_agg(jsonb_build_object(
            'key', 'offer.delivered:offer:' || NEW.id, 'account', NEW.account_id, 'at', now(),
            'data', jsonb_build_object(
                'account', account.external_id, 'offer', NEW.id, 'grant', given.id, 'reward', outbox_reward(NEW.id),
                'value', outbox_money(NEW.face_value, NEW.currency), 'open_until', {open_until}))))
        FROM accounts_account AS account LEFT JOIN rewards_grant AS given ON given.offer_id = NEW.id
        WHERE account.id = NEW.account_id;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0019_taking_back")]
    operations = [
        migrations.RunSQL(
            DELIVERED.replace("{open_until}", "NEW.open_until"), DELIVERED.replace("{open_until}", "given.expires_on")
        )
    ]
