"""Plan segments by the day, kept by triggers; those of the past are read from the facts that stand."""

import django.db.models.deletion
from django.db import migrations, models

TRIGGERS = """
CREATE FUNCTION date_plan_segments_of_new() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    INSERT INTO accounts_plansegmentsince (account_id, from_day, plan_segment)
    SELECT id, (now() AT TIME ZONE 'UTC')::date, plan_segment FROM told WHERE plan_segment <> '' ORDER BY id;
    RETURN NULL;
END $$;
CREATE TRIGGER account_plan_segments_begin AFTER INSERT ON accounts_account
    REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION date_plan_segments_of_new();

CREATE FUNCTION date_plan_segment() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    INSERT INTO accounts_plansegmentsince AS kept (account_id, from_day, plan_segment)
    VALUES (NEW.id, today, NEW.plan_segment)
    ON CONFLICT (account_id, from_day) DO UPDATE SET plan_segment = excluded.plan_segment;
    -- The first of all counts back.
    IF NOT EXISTS (SELECT FROM accounts_plansegmentsince WHERE account_id = NEW.id AND from_day < today) THEN
        INSERT INTO accounts_factsdirty (account_id, day)
        SELECT NEW.id, day FROM accounts_accountfacts WHERE account_id = NEW.id ORDER BY day LIMIT 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER account_plan_segment_dated AFTER UPDATE OF plan_segment ON accounts_account
    FOR EACH ROW WHEN (NEW.plan_segment IS DISTINCT FROM OLD.plan_segment) EXECUTE FUNCTION date_plan_segment();
"""
UNDO = """
DROP TRIGGER account_plan_segment_dated ON accounts_account;
DROP FUNCTION date_plan_segment();
DROP TRIGGER account_plan_segments_begin ON accounts_account;
DROP FUNCTION date_plan_segments_of_new();
"""

PAST = """
INSERT INTO accounts_plansegmentsince (account_id, from_day, plan_segment)
SELECT account_id, day, coalesce(plan_segment, '')
FROM (
    SELECT account_id, day, plan_segment, count(plan_segment) OVER mine AS known,
           lag(plan_segment) OVER mine AS before
    FROM accounts_accountfacts WINDOW mine AS (PARTITION BY account_id ORDER BY day)
) AS stood
WHERE known > 0 AND plan_segment IS DISTINCT FROM before;

INSERT INTO accounts_plansegmentsince AS kept (account_id, from_day, plan_segment)
SELECT a.id, (now() AT TIME ZONE 'UTC')::date, a.plan_segment
FROM accounts_account a
WHERE a.plan_segment <> coalesce((
    SELECT s.plan_segment FROM accounts_plansegmentsince s WHERE s.account_id = a.id ORDER BY s.from_day DESC LIMIT 1
), '')
ON CONFLICT (account_id, from_day) DO UPDATE SET plan_segment = excluded.plan_segment;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_forgotten_days")]
    operations = [
        migrations.CreateModel(
            name="PlanSegmentSince",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "from_day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                ("from_day", models.DateField()),
                ("plan_segment", models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.RunSQL(TRIGGERS, UNDO),
        migrations.RunSQL(PAST, migrations.RunSQL.noop),
    ]
