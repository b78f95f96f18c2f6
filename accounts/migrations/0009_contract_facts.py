"""Subscriptions keep their worth in their terms only; facts of contracts, care and metered use."""

from django.db import migrations

MOVED = ("plan", "billing_frequency", "seats", "mrr", "currency", "is_trial", "ends_on", "renews_on")

ADD = """
ALTER TABLE accounts_accountfacts
    ADD COLUMN contract_months integer,
    ADD COLUMN paid_months integer,
    ADD COLUMN mrr_year_before numeric(14, 2),
    ADD COLUMN api_calls_30 bigint,
    ADD COLUMN csat_90 numeric(4, 2),
    ADD COLUMN cancellation_intent boolean;
CREATE INDEX api_calls_by_account ON accounts_eventday (account_id, day) WHERE name IN ('API Call', 'API Called');
"""
DROP = """
DROP INDEX api_calls_by_account;
ALTER TABLE accounts_accountfacts
    DROP COLUMN contract_months, DROP COLUMN paid_months, DROP COLUMN mrr_year_before, DROP COLUMN api_calls_30,
    DROP COLUMN csat_90, DROP COLUMN cancellation_intent;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_consent_and_contacts")]

    operations = [
        *(migrations.RemoveField("subscription", name) for name in MOVED),
        migrations.RunSQL(ADD, DROP),
    ]
