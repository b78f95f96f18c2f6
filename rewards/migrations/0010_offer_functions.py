"""What statements over many offers say and pin, exactly as Python says and pins it; tests hold the two together."""

from django.db import migrations

# As loyalty.core.money writes it.
MONEY = """
CREATE FUNCTION money_text(amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN round(amount, 2) < 0 THEN '−' ELSE '' END
        || CASE currency WHEN 'USD' THEN '$' WHEN 'EUR' THEN '€' WHEN 'GBP' THEN '£' WHEN 'PTS' THEN ''
                         ELSE currency || ' ' END
        || CASE currency WHEN 'PTS'
                THEN regexp_replace(to_char(abs(round(amount, 2)), 'FM999,999,999,999,999,990.00'), '\\.00$', '')
                     || CASE WHEN abs(round(amount, 2)) = 1 THEN ' point' ELSE ' points' END
                ELSE to_char(abs(round(amount, 2)), 'FM999,999,999,999,999,990.00') END
$$;
"""

REFUSAL = """
CREATE FUNCTION cap_quantity(measure text, figure numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN measure = 'value' THEN money_text(figure, 'USD')
        ELSE CASE WHEN round(figure) < 0 THEN '−' ELSE '' END
            || to_char(abs(round(figure)), 'FM999,999,999,999,999,990')
            || CASE abs(round(figure)) WHEN 1 THEN ' occurrence' ELSE ' occurrences' END END
$$;

CREATE FUNCTION cap_refusal(
    name text, measure text, cap_limit numeric, room numeric, amount numeric, until date
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'The cap “' || name || '” '
        || CASE WHEN room > 0 THEN 'has ' || cap_quantity(measure, room) || ' left of '
                ELSE 'has no room left of ' END || cap_quantity(measure, cap_limit)
        || CASE WHEN until >= date '9999-01-01' THEN '' ELSE ' until ' || to_char(until, 'FMDD Mon YYYY') END
        || '; this needs ' || cap_quantity(measure, CASE measure WHEN 'value' THEN amount ELSE 1 END) || '.'
$$;
"""

# Names of the terms in alphabetical order, as canonical JSON has them.
DIGEST = """
CREATE FUNCTION offer_digest(
    account_id bigint, campaign_id bigint, campaign_version integer, cause_key text, step integer, reward_id bigint,
    reward_name text, face_value numeric, discount_equivalent numeric, currency text, validity_days integer
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(
        '{"account_id": ' || account_id
        || ', "campaign_id": ' || campaign_id
        || ', "campaign_version": ' || campaign_version
        || ', "cause_key": ' || to_json(cause_key)::text
        || ', "currency": ' || to_json(currency)::text
        || ', "discount_equivalent": "' || round(discount_equivalent, 2)::text
        || '", "face_value": "' || round(face_value, 2)::text
        || '", "reward_id": ' || reward_id
        || ', "reward_name": ' || to_json(reward_name)::text
        || ', "step": ' || step
        || ', "validity_days": ' || validity_days || '}', 'UTF8')), 'hex')
$$;
"""

UNDO = """
DROP FUNCTION offer_digest(bigint, bigint, integer, text, integer, bigint, text, numeric, numeric, text, integer);
DROP FUNCTION cap_refusal(text, text, numeric, numeric, numeric, date);
DROP FUNCTION cap_quantity(text, numeric);
DROP FUNCTION money_text(numeric, text);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0009_unit_rate")]
    operations = [migrations.RunSQL(MONEY + REFUSAL + DIGEST, UNDO)]
