"""A grant that its last approval may be taken back from is told outside only after that, and leaves nothing behind."""

from django.db import migrations, models

HOLD = """
-- By its name it runs once the grants are told; nobody sees their deliveries before the transaction ends.
CREATE FUNCTION outbox_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added WHERE held_until IS NOT NULL) AND outbox_wants('grant.issued') THEN
        UPDATE rewards_eventdelivery AS held SET due_at = added.held_until
        FROM added JOIN rewards_outgoingevent AS event ON event.key = 'grant.issued:grant:' || added.id
        WHERE held.event_id = event.id AND added.held_until IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside_later AFTER INSERT ON rewards_grant
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION outbox_hold();

-- What a person handed over meanwhile is told at once: the grant, and then its delivery.
CREATE FUNCTION outbox_held_no_longer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM rewards_grant WHERE offer_id = NEW.id AND held_until > now()) THEN
        UPDATE rewards_eventdelivery AS held SET due_at = statement_timestamp()
        FROM rewards_outgoingevent AS event JOIN rewards_grant AS given ON event.key = 'grant.issued:grant:' || given.id
        WHERE given.offer_id = NEW.id AND held.event_id = event.id AND held.claims = 0
          AND held.due_at > statement_timestamp();
    END IF;
    RETURN NULL;
END $$;
-- By its name it runs after the grant is told and before the delivery is.
CREATE TRIGGER tell_held AFTER UPDATE ON rewards_offer FOR EACH ROW
    WHEN (NEW.state = 'delivered' AND OLD.state <> 'delivered') EXECUTE FUNCTION outbox_held_no_longer();
"""

TAKE_BACK = """
-- A delivery that somebody claims at this moment is looked at again once they have it, or finds nothing.
CREATE FUNCTION grants_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told record;
BEGIN
    DELETE FROM rewards_eventdelivery AS waiting
    USING removed JOIN rewards_outgoingevent AS event ON event.key = 'grant.issued:grant:' || removed.id
    WHERE waiting.event_id = event.id AND waiting.claims = 0;

    SELECT removed.id INTO told FROM removed
    JOIN rewards_outgoingevent AS event ON event.key = 'grant.issued:grant:' || removed.id
    JOIN rewards_eventdelivery AS sent ON sent.event_id = event.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'grant % was told outside', told.id USING ERRCODE = 'LC410';
    END IF;

    DELETE FROM rewards_outgoingevent AS event USING removed WHERE event.key = 'grant.issued:grant:' || removed.id;
    DELETE FROM rewards_deliverytask AS task USING removed WHERE task.offer_id = removed.offer_id;
    RETURN NULL;
END $$;
CREATE TRIGGER take_back AFTER DELETE ON rewards_grant
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION grants_taken_back();
"""

UNDO = """
DROP TRIGGER take_back ON rewards_grant;
DROP FUNCTION grants_taken_back();
DROP TRIGGER tell_held ON rewards_offer;
DROP FUNCTION outbox_held_no_longer();
DROP TRIGGER tell_outside_later ON rewards_grant;
DROP FUNCTION outbox_hold();
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0018_quick_cap_room")]
    operations = [
        migrations.AddField("Grant", "held_until", models.DateTimeField(null=True)),
        migrations.RunSQL(HOLD + TAKE_BACK, UNDO),
    ]
