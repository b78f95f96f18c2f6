"""The days whose raw events were deleted; for those of before, days that are counted and have no event any more."""

from django.db import migrations, models

FORGOTTEN_SO_FAR = """
INSERT INTO accounts_forgottendays (id, since, until)
SELECT 1, min(d.day)::timestamp AT TIME ZONE 'UTC', (max(d.day) + 1)::timestamp AT TIME ZONE 'UTC'
FROM accounts_dailyusage d
WHERE EXISTS (SELECT FROM accounts_retention) AND d.events > 0
  AND NOT EXISTS (SELECT FROM accounts_event e
                  WHERE e.account_id = d.account_id AND e.occurred_at >= d.day::timestamp AT TIME ZONE 'UTC'
                    AND e.occurred_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC')
HAVING count(*) > 0
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_held_marks")]
    operations = [
        migrations.CreateModel(
            name="ForgottenDays",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_row_of_forgotten_days"),
                    models.CheckConstraint(
                        condition=models.Q(("since__lt", models.F("until"))), name="forgotten_days_in_order"
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORGOTTEN_SO_FAR, migrations.RunSQL.noop),
    ]
