"""A grant of what people deliver becomes a task, in the transaction that grants it."""

from django.db import migrations

MAKE = """
-- The fifth working day after a day.
CREATE FUNCTION delivery_due(since date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT day::date FROM generate_series(since + 1, since + 9, interval '1 day') AS day
    WHERE extract(isodow FROM day) < 6 ORDER BY day OFFSET 4 LIMIT 1
$$;

CREATE FUNCTION delivery_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rewards_deliverytask (offer_id, owner_id, due_on)
    SELECT added.offer_id, account.cs_manager_id, delivery_due((added.granted_at AT TIME ZONE 'UTC')::date)
    FROM added
    JOIN rewards_offer AS offer ON offer.id = added.offer_id
    JOIN rewards_reward AS reward ON reward.id = offer.reward_id AND reward.delivery = 'by_hand'
    JOIN accounts_account AS account ON account.id = added.account_id
    ORDER BY added.offer_id
    ON CONFLICT (offer_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER make_delivery_task AFTER INSERT ON rewards_grant
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION delivery_tasks();
"""

UNDO = """
DROP TRIGGER make_delivery_task ON rewards_grant;
DROP FUNCTION delivery_tasks();
DROP FUNCTION delivery_due(date);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0013_outbox")]
    operations = [migrations.RunSQL(MAKE, UNDO)]
