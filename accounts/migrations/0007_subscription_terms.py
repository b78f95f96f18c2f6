"""Dated terms of subscriptions: what is known of each becomes its first term."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

FREQUENCIES = [("monthly", "monthly"), ("annual", "annual"), ("multi_year", "multi year")]

FILL = """
INSERT INTO accounts_subscriptionterm
    (subscription_id, from_day, plan, billing_frequency, seats, mrr, currency, is_trial, renews_on, ends_on,
     is_cancelling, told_at, told_as)
SELECT id, starts_on, plan, billing_frequency, seats, mrr, currency, is_trial, renews_on, ends_on,
       false, created_at, ''
FROM accounts_subscription;
UPDATE accounts_subscription SET told_at = created_at;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_source_secrets")]

    operations = [
        migrations.AddField("subscription", "told_at", models.DateTimeField(db_default=Now())),
        migrations.AddField("subscription", "told_as", models.CharField(blank=True, default="", max_length=255)),
        migrations.CreateModel(
            name="SubscriptionTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_day", models.DateField()),
                ("plan", models.CharField(blank=True, max_length=100)),
                ("billing_frequency", models.CharField(blank=True, choices=FREQUENCIES, max_length=20)),
                ("seats", models.PositiveIntegerField(null=True)),
                ("mrr", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("is_trial", models.BooleanField(default=False)),
                ("renews_on", models.DateField(null=True)),
                ("ends_on", models.DateField(null=True)),
                ("is_cancelling", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField(db_default=Now())),
                ("told_as", models.CharField(blank=True, default="", max_length=255)),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terms",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={"ordering": ["subscription", "from_day"]},
        ),
        migrations.AddConstraint(
            "subscriptionterm",
            models.UniqueConstraint(fields=("subscription", "from_day"), name="subscription_term_once"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
