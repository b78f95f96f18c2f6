"""Reaches that lie before the terms that they met tell since when these hold."""

from django.db import migrations, models

# Terms count as unchanged since the first version after the last one before it that differed.
PAST = """
UPDATE accounts_milestonereach AS reach SET terms_from = held.since
FROM (
    SELECT r.id, (
        SELECT min(v.effective_at) FROM accounts_milestoneversion AS v
        WHERE v.milestone_id = r.milestone_id AND v.version <= r.version AND v.version > coalesce((
            SELECT max(o.version) FROM accounts_milestoneversion AS o
            WHERE o.milestone_id = r.milestone_id AND o.version < r.version
              AND (o.event_name, o.count, o.within_days, o.counts_from_id, o.status)
                  IS DISTINCT FROM (met.event_name, met.count, met.within_days, met.counts_from_id, met.status)
        ), 0)
    ) AS since
    FROM accounts_milestonereach AS r
    JOIN accounts_milestoneversion AS met ON met.milestone_id = r.milestone_id AND met.version = r.version
) AS held
WHERE held.id = reach.id AND reach.reached_at < held.since;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_profile_calls_by_time")]
    operations = [
        migrations.AddField("milestonereach", "terms_from", models.DateTimeField(null=True)),
        migrations.RunSQL(PAST, migrations.RunSQL.noop),
        migrations.AlterField(
            "segmentmove",
            "cause",
            models.CharField(
                choices=[("facts", "facts"), ("rule", "rule"), ("terms", "terms"), ("start", "start")], max_length=5
            ),
        ),
    ]
