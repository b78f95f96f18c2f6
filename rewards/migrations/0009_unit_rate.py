"""What a unit is worth in another on a day, by the newest rate that holds by then; null when there is none."""

from django.db import migrations

RATE = """
CREATE FUNCTION unit_rate(the_unit text, the_reporting text, the_day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN the_unit = the_reporting THEN 1 ELSE (
        SELECT rate.per_unit FROM rewards_unitrate AS rate
        WHERE rate.unit = the_unit AND rate.reporting = the_reporting AND rate.effective_on <= the_day
        ORDER BY rate.effective_on DESC LIMIT 1) END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0008_ledger_post")]
    operations = [migrations.RunSQL(RATE, "DROP FUNCTION unit_rate(text, text, date)")]
