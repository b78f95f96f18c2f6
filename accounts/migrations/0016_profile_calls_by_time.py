"""Profile calls of an account or contact by their time: late ones are told with those since, and no others are read."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_no_way_back")]

    operations = [
        migrations.AddIndex(
            model_name="profilecall",
            index=models.Index(fields=["account", "call", "occurred_at"], name="profile_call_of_account"),
        ),
        migrations.AddIndex(
            model_name="profilecall",
            index=models.Index(fields=["contact", "occurred_at"], name="profile_call_of_contact"),
        ),
        migrations.AlterField(
            model_name="profilecall",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="profilecall",
            name="contact",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.contact",
            ),
        ),
    ]
