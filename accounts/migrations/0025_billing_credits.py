"""Credits that billing tells of, and what it keeps for each customer."""

import django.db.models.deletion
from django.db import migrations, models

KINDS = [("credit_note", "credit note"), ("balance", "balance"), ("credit_grant", "credit grant")]
STATUSES = [("issued", "issued"), ("void", "void")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0024_dated_facts")]

    operations = [
        migrations.AddField(
            "billingcustomer", "balance", models.DecimalField(decimal_places=2, max_digits=14, null=True)
        ),
        migrations.AddField(
            "billingcustomer", "currency", models.CharField(blank=True, db_default="", max_length=3)
        ),
        migrations.CreateModel(
            name="BillingCredit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=255, unique=True)),
                ("kind", models.CharField(choices=KINDS, max_length=20)),
                ("status", models.CharField(choices=STATUSES, max_length=10)),
                ("number", models.CharField(blank=True, max_length=100)),
                ("cause", models.CharField(blank=True, max_length=60)),
                ("invoice_external_id", models.CharField(blank=True, max_length=255)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("told_as", models.CharField(max_length=255)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billing_credits",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["account", "at"], name="billing_credit_by_account")],
            },
        ),
    ]
