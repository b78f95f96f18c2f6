"""Gigabytes processed, by account and day, and the fact over them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_stripe")]

    operations = [
        migrations.CreateModel(
            name="MeteredDay",
            fields=[
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("gigabytes", models.DecimalField(decimal_places=6, max_digits=20)),
            ],
        ),
        migrations.AddIndex("ticket", models.Index(fields=["opened_at"], name="ticket_by_time")),
        migrations.RunSQL(
            "ALTER TABLE accounts_accountfacts ADD COLUMN gigabytes_30 numeric(20, 6)",
            "ALTER TABLE accounts_accountfacts DROP COLUMN gigabytes_30",
        ),
    ]
