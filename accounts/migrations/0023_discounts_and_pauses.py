"""Coupons and discounts of Stripe, the events that only name them, and why an MRR is unknown; subscriptions that pause."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

WHY = [("discount", "discount"), ("tiers", "tiers"), ("part", "part"), ("amount", "amount")]


def made_id():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def source():
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.source"
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_refused_not_gone_in")]

    operations = [
        migrations.AddField("subscriptionterm", "is_paused", models.BooleanField(db_default=False)),
        migrations.AddField(
            "subscriptionterm", "unpriced", models.CharField(blank=True, choices=WHY, db_default="", max_length=20)
        ),
        migrations.AddField(
            "stripecall", "unpriced", models.CharField(blank=True, choices=WHY, db_default="", max_length=20)
        ),
        migrations.AddField(
            "stripecall",
            "named",
            django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), db_default=[], size=None),
        ),
        migrations.AddIndex(
            "stripecall",
            django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("named", []), _negated=True), fields=["named"], name="stripe_call_by_name"
            ),
        ),
        migrations.CreateModel(
            name="BillingCoupon",
            fields=[
                ("id", made_id()),
                ("external_id", models.CharField(max_length=255)),
                ("made_at", models.DateTimeField()),
                ("duration", models.CharField(max_length=20)),
                ("percent_off", models.DecimalField(decimal_places=9, max_digits=12, null=True)),
                ("amount_off", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("products", models.JSONField(null=True)),
                ("source", source()),
            ],
        ),
        migrations.AddConstraint(
            "billingcoupon",
            models.UniqueConstraint(fields=("source", "external_id", "made_at"), name="billing_coupon_once"),
        ),
        migrations.CreateModel(
            name="BillingDiscount",
            fields=[
                ("id", made_id()),
                ("external_id", models.CharField(max_length=255)),
                ("coupon", models.CharField(max_length=255)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("told_as", models.CharField(max_length=255)),
                ("source", source()),
            ],
        ),
        migrations.AddConstraint(
            "billingdiscount",
            models.UniqueConstraint(fields=("source", "external_id"), name="billing_discount_once"),
        ),
        migrations.AddIndex(
            "billingdiscount", models.Index(fields=["source", "coupon"], name="billing_discount_by_coupon")
        ),
    ]
