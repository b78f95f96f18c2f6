"""What is remembered of signed records: each call once, and when each field was told last."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

TYPES = [(t, t) for t in ("account", "contact", "ticket", "feedback", "consent")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_contract_facts")]

    operations = [
        migrations.CreateModel(
            name="HookCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("webhook_id", models.CharField(max_length=255)),
                ("parts", models.JSONField()),
                ("answer", models.JSONField()),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
            options={
                "indexes": [models.Index(fields=["received_at"], name="hook_call_by_time")],
                "constraints": [models.UniqueConstraint(fields=("source", "webhook_id"), name="hook_call_once")],
            },
        ),
        migrations.CreateModel(
            name="RecordTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("type", models.CharField(choices=TYPES, max_length=10)),
                ("record_id", models.BigIntegerField()),
                ("told", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("type", "record_id"), name="record_told_once")],
            },
        ),
    ]
