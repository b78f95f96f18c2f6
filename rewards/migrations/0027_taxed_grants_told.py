"""A grant that is taxed to a person may wait for a form: outside it is told once it reaches its contact, not before."""

from django.db import migrations

GRANTS = """
CREATE FUNCTION outbox_is_taxed(the_offer bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT reward.taxable AND offer.face_value > 0
    FROM rewards_offer AS offer JOIN rewards_reward AS reward ON reward.id = offer.reward_id WHERE offer.id = the_offer
$$;

CREATE FUNCTION outbox_grant(given rewards_grant, moment timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'key', 'grant.issued:grant:' || given.id, 'account', given.account_id, 'at', moment,
        'data', jsonb_build_object(
            'account', account.external_id, 'grant', given.id, 'offer', given.offer_id,
            'reward', outbox_reward(given.offer_id), 'value', outbox_money(given.face_value, given.currency),
            'expires_on', given.expires_on))
    FROM accounts_account AS account WHERE account.id = given.account_id
$$;

CREATE OR REPLACE FUNCTION outbox_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('grant.issued') THEN
        PERFORM outbox_put('grant.issued', jsonb_agg(outbox_grant(given, given.granted_at)))
        FROM added JOIN rewards_grant AS given ON given.id = added.id WHERE NOT outbox_is_taxed(added.offer_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION outbox_taxed_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('grant.issued') AND outbox_is_taxed(NEW.id) THEN
        PERFORM outbox_put('grant.issued', jsonb_agg(outbox_grant(given, now())))
        FROM rewards_grant AS given WHERE given.offer_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
-- Triggers of one table run in the order of their names: the grant is told before its delivery.
CREATE TRIGGER tell_grant AFTER UPDATE ON rewards_offer FOR EACH ROW
    WHEN (NEW.state = 'delivered' AND OLD.state <> 'delivered') EXECUTE FUNCTION outbox_taxed_grant();
"""

BEFORE = """
DROP TRIGGER tell_grant ON rewards_offer;
DROP FUNCTION outbox_taxed_grant();
CREATE OR REPLACE FUNCTION outbox_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('grant.issued') THEN
        PERFORM outbox_put('grant.issued', jsonb_agg(outbox_grant(given, given.granted_at)))
        FROM added JOIN rewards_grant AS given ON given.id = added.id;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('rewards', '0026_order_of_the_queue'),
    ]

    operations = [
        migrations.RunSQL(GRANTS, BEFORE),
    ]
