"""The sums of use no longer have their accounts and contacts checked one by one: those of their events are."""

import django.db.models.deletion
from django.db import migrations, models


def unchecked(model: str, name: str, on_delete: object, to: str, related_name: str = "+") -> migrations.AlterField:
    index = {} if to == "accounts.contact" else {"db_index": False}
    field = models.ForeignKey(to, on_delete, related_name=related_name, db_constraint=False, **index)
    return migrations.AlterField(model, name, field)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0025_billing_credits")]

    operations = [
        unchecked("contactday", "account", django.db.models.deletion.PROTECT, "accounts.account"),
        unchecked("contactday", "contact", django.db.models.deletion.CASCADE, "accounts.contact"),
        unchecked("dailyusage", "account", django.db.models.deletion.PROTECT, "accounts.account", "daily_usage"),
        unchecked("eventday", "account", django.db.models.deletion.PROTECT, "accounts.account"),
        unchecked("meteredday", "account", django.db.models.deletion.PROTECT, "accounts.account"),
    ]
