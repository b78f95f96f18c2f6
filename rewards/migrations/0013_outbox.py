"""The outbox is written by the database, in the transaction of what it tells.

Grants, postings and moves of tiers are written by several rooms, many at a time,
some of them on lower floors: a trigger is the one place that none of them can
forget, and it costs one look into a small table while nobody wants to be told.
"""

from django.db import migrations

PUT = """
CREATE FUNCTION outbox_wants(the_type text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM rewards_endpoint WHERE state <> 'gone' AND the_type = ANY (types))
$$;

-- Items: key, account, at, data. What stands there already stays as it is.
CREATE FUNCTION outbox_put(the_type text, items jsonb) RETURNS void LANGUAGE sql AS $$
    WITH told AS (
        INSERT INTO rewards_outgoingevent (message_id, key, type, account_id, at, body)
        SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), item.key, the_type, item.account, item.at,
               jsonb_build_object(
                   'type', the_type,
                   'timestamp', to_char(item.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'data', item.data)::text
        FROM jsonb_to_recordset(items) AS item (key text, account bigint, at timestamptz, data jsonb)
        ORDER BY item.key
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    )
    INSERT INTO rewards_eventdelivery (event_id, endpoint_id)
    SELECT told.id, endpoint.id FROM told
    JOIN rewards_endpoint AS endpoint ON endpoint.state <> 'gone' AND the_type = ANY (endpoint.types)
    ORDER BY told.id, endpoint.id
$$;

CREATE FUNCTION outbox_reward(the_offer bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('key', reward.key, 'name', offer.reward_name, 'kind', reward.kind)
    FROM rewards_offer AS offer JOIN rewards_reward AS reward ON reward.id = offer.reward_id WHERE offer.id = the_offer
$$;

CREATE FUNCTION outbox_money(amount numeric, currency text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('amount', round(amount, 2)::text, 'currency', currency)
$$;
"""

# A grant that is taxed to a person may wait for a form: outside it is told once it reaches its contact, not before.
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

CREATE FUNCTION outbox_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('grant.issued') THEN
        PERFORM outbox_put('grant.issued', jsonb_agg(outbox_grant(given, given.granted_at)))
        FROM added JOIN rewards_grant AS given ON given.id = added.id WHERE NOT outbox_is_taxed(added.offer_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside AFTER INSERT ON rewards_grant
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION outbox_grants();

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

DELIVERED = """
CREATE FUNCTION outbox_delivered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('offer.delivered') THEN
        PERFORM outbox_put('offer.delivered', jsonb_agg(jsonb_build_object(
            'key', 'offer.delivered:offer:' || NEW.id, 'account', NEW.account_id, 'at', now(),
            'data', jsonb_build_object(
                'account', account.external_id, 'offer', NEW.id, 'grant', given.id, 'reward', outbox_reward(NEW.id),
                'value', outbox_money(NEW.face_value, NEW.currency), 'open_until', given.expires_on))))
        FROM accounts_account AS account LEFT JOIN rewards_grant AS given ON given.offer_id = NEW.id
        WHERE account.id = NEW.account_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside AFTER UPDATE ON rewards_offer FOR EACH ROW
    WHEN (NEW.state = 'delivered' AND OLD.state <> 'delivered') EXECUTE FUNCTION outbox_delivered();
"""

POSTINGS = """
CREATE FUNCTION outbox_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told record;
BEGIN
    IF NOT (outbox_wants('grant.redeemed') OR outbox_wants('grant.expired')) THEN
        RETURN NULL;
    END IF;
    FOR told IN
        SELECT kinds.type, jsonb_agg(jsonb_build_object(
            'key', kinds.type || ':posting:' || posting.id || ':grant:' || lot.grant_id,
            'account', posting.account_id, 'at', posting.written_at,
            'data', jsonb_build_object(
                'account', account.external_id, 'grant', lot.grant_id, 'offer', given.offer_id,
                'reward', outbox_reward(given.offer_id), 'value', outbox_money(lines.amount, lines.currency),
                'left', outbox_money(lines.still, lines.currency), 'cause', posting.cause,
                'booked_on', posting.booked_on))) AS items
        FROM (
            SELECT added.posting_id, added.lot_id, added.currency, sum(added.amount) AS amount,
                   (SELECT -sum(line.amount) FROM rewards_postingline AS line WHERE line.lot_id = added.lot_id) AS still
            FROM added WHERE added.lot_id IS NOT NULL
            GROUP BY added.posting_id, added.lot_id, added.currency
        ) AS lines
        JOIN rewards_posting AS posting ON posting.id = lines.posting_id
        JOIN (VALUES ('redeem', 'grant.redeemed'), ('expire', 'grant.expired')) AS kinds (kind, type)
             ON kinds.kind = posting.kind
        JOIN rewards_creditlot AS lot ON lot.id = lines.lot_id
        JOIN rewards_grant AS given ON given.id = lot.grant_id
        JOIN accounts_account AS account ON account.id = posting.account_id
        WHERE outbox_wants(kinds.type)
        GROUP BY kinds.type
    LOOP
        PERFORM outbox_put(told.type, told.items);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside AFTER INSERT ON rewards_postingline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION outbox_postings();
"""

# A grant that is no credit is redeemed when its offer is: no posting tells of it.
PASSES = """
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

# A history that is taken in, and where an account stands at its start, are nothing that happens now.
TIERS = """
CREATE FUNCTION outbox_tier(the_move bigint, the_key text, the_account bigint, was bigint)
RETURNS void LANGUAGE sql AS $$
    SELECT outbox_put('tier.changed', jsonb_agg(jsonb_build_object(
        'key', the_key, 'account', the_account, 'at', now(),
        'data', jsonb_build_object(
            'account', account.external_id, 'tier', tier.key, 'from_tier', from_tier.key, 'on', held.day))))
    FROM accounts_account AS account
    LEFT JOIN LATERAL (
        SELECT move.tier_id, move.day, move.id FROM accounts_tiermove AS move
        WHERE move.account_id = account.id AND move.withdrawn_at IS NULL ORDER BY move.day DESC, move.id DESC LIMIT 1
    ) AS held ON true
    LEFT JOIN accounts_tier AS tier ON tier.id = held.tier_id
    LEFT JOIN accounts_tier AS from_tier ON from_tier.id = was
    WHERE account.id = the_account AND (the_move IS NULL OR held.id = the_move) AND held.tier_id IS DISTINCT FROM was
$$;

CREATE FUNCTION outbox_tier_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('tier.changed') THEN
        PERFORM outbox_tier(added.id, 'tier.changed:move:' || added.id, added.account_id, added.from_tier_id)
        FROM added
        WHERE added.withdrawn_at IS NULL AND added.cause <> 'start' AND added.day > current_date - 7
        ORDER BY added.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside AFTER INSERT ON accounts_tiermove
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION outbox_tier_moved();

-- Late data took a move back that was told: the tier that is held now is told in its place.
CREATE FUNCTION outbox_tier_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF outbox_wants('tier.changed') THEN
        PERFORM outbox_tier(NULL, 'tier.changed:withdrawn:' || later.id, later.account_id, later.tier_id)
        FROM later JOIN earlier ON earlier.id = later.id
        JOIN rewards_outgoingevent AS told ON told.key = 'tier.changed:move:' || later.id
        WHERE later.withdrawn_at IS NOT NULL AND earlier.withdrawn_at IS NULL
        ORDER BY later.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outside_of_withdrawal AFTER UPDATE ON accounts_tiermove
    REFERENCING NEW TABLE AS later OLD TABLE AS earlier
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_tier_withdrawn();
"""

UNDO = """
DROP TRIGGER tell_outside_of_withdrawal ON accounts_tiermove;
DROP TRIGGER tell_outside ON accounts_tiermove;
DROP TRIGGER tell_outside_of_use ON rewards_offer;
DROP TRIGGER tell_outside ON rewards_postingline;
DROP TRIGGER tell_outside ON rewards_offer;
DROP TRIGGER tell_grant ON rewards_offer;
DROP TRIGGER tell_outside ON rewards_grant;
DROP FUNCTION outbox_tier_withdrawn(), outbox_tier_moved();
DROP FUNCTION outbox_tier(bigint, text, bigint, bigint);
DROP FUNCTION outbox_redeemed(), outbox_postings(), outbox_delivered(), outbox_taxed_grant(), outbox_grants();
DROP FUNCTION outbox_grant(rewards_grant, timestamptz);
DROP FUNCTION outbox_is_taxed(bigint);
DROP FUNCTION outbox_money(numeric, text);
DROP FUNCTION outbox_reward(bigint);
DROP FUNCTION outbox_put(text, jsonb);
DROP FUNCTION outbox_wants(text);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0012_cap_room")]
    operations = [migrations.RunSQL(PUT + GRANTS + DELIVERED + POSTINGS + PASSES + TIERS, UNDO)]
