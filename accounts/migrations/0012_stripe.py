"""What Stripe's events leave behind: that each came once, whose customer is whose account, and the invoices."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

STATUSES = [("open", "open"), ("paid", "paid"), ("void", "void"), ("uncollectible", "uncollectible")]


def made_id():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_file_uploads")]

    operations = [
        migrations.CreateModel(
            name="BillingCustomer",
            fields=[
                ("id", made_id()),
                ("external_id", models.CharField(max_length=255)),
                ("told_at", models.DateTimeField()),
                ("told_as", models.CharField(max_length=255)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.source",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "billingcustomer",
            models.UniqueConstraint(fields=("source", "external_id"), name="billing_customer_once"),
        ),
        migrations.CreateModel(
            name="StripeCall",
            fields=[
                ("id", made_id()),
                ("message_id", models.CharField(max_length=255)),
                ("call", models.CharField(max_length=100)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(db_default=Now())),
                ("payload", models.JSONField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.source",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.AddConstraint(
            "stripecall", models.UniqueConstraint(fields=("source", "message_id"), name="stripe_call_once")
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", made_id()),
                ("external_id", models.CharField(max_length=255, unique=True)),
                ("subscription_external_id", models.CharField(blank=True, max_length=255)),
                ("number", models.CharField(blank=True, max_length=100)),
                ("status", models.CharField(choices=STATUSES, max_length=20)),
                ("cause", models.CharField(blank=True, max_length=40)),
                ("currency", models.CharField(max_length=3)),
                ("due", models.DecimalField(decimal_places=2, max_digits=14)),
                ("paid", models.DecimalField(decimal_places=2, max_digits=14)),
                ("failed_payments", models.PositiveIntegerField(default=0)),
                ("issued_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("told_as", models.CharField(max_length=255)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="accounts.account"
                    ),
                ),
            ],
            options={"ordering": ["-issued_at", "-id"]},
        ),
        migrations.AddIndex("invoice", models.Index(fields=["account", "issued_at"], name="invoice_by_account")),
    ]
