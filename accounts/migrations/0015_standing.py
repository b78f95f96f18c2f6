"""Facts that other rooms work out from the facts: scores, streaks, tier and segments."""

from django.db import migrations

ADD = """
ALTER TABLE accounts_accountfacts
    ADD COLUMN recency_score smallint,
    ADD COLUMN frequency_score smallint,
    ADD COLUMN monetary_score smallint,
    ADD COLUMN streaks jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN tier varchar(60),
    ADD COLUMN segments varchar(60)[] NOT NULL DEFAULT '{}',
    ADD COLUMN primary_segment varchar(60);
"""
DROP = """
ALTER TABLE accounts_accountfacts
    DROP COLUMN recency_score, DROP COLUMN frequency_score, DROP COLUMN monetary_score, DROP COLUMN streaks,
    DROP COLUMN tier, DROP COLUMN segments, DROP COLUMN primary_segment;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_sent_again")]
    operations = [migrations.RunSQL(ADD, DROP)]
