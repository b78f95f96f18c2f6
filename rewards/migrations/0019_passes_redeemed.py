"""A grant that is no credit is redeemed when its offer is: no posting tells of it."""

from django.db import migrations

SQL = """
CREATE FUNCTION outbox_redeemed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('grant.redeemed') THEN
        PERFORM outbox_put('grant.redeemed', jsonb_agg(jsonb_build_object(
            'key', 'grant.redeemed:pass:' || given.id, 'account', NEW.account_id, 'at', now(),
            'data', jsonb_build_object(
                'account', account.external_id, 'grant', given.id, 'offer', NEW.id,
                'reward', outbox_reward(NEW.id)))))
        FROM rewards_grant AS given JOIN accounts_account AS account ON account.id = given.account_id
        WHERE given.offer_id = NEW.id
          AND NOT EXISTS (SELECT FROM rewards_creditlot AS lot WHERE lot.grant_id = given.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside_of_use AFTER UPDATE ON rewards_offer FOR EACH ROW
    WHEN (NEW.state = 'redeemed' AND OLD.state <> 'redeemed') EXECUTE FUNCTION outbox_redeemed();
"""

UNDO = """
DROP TRIGGER tell_outside_of_use ON rewards_offer;
DROP FUNCTION outbox_redeemed();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('rewards', '0018_rewards_api'),
    ]

    operations = [
        migrations.RunSQL(SQL, UNDO),
    ]
