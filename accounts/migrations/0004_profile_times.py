"""Times of profile calls; and storage that suits rows that are counted up many times a day.

Pages that are left a part empty let a count be written beside its old version
without touching an index. Dirty marks are a queue, one for each account of a
batch, and every event of a batch names the same source: checking these two
references row by row was a fourth of all that the database did for a batch.
"""

from django.db import migrations, models
from django.db.models import deletion

COUNTED = ("accounts_dailyusage", "accounts_eventday", "accounts_contactday")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_facts_table")]

    operations = [
        migrations.AddField("account", "traits_at", models.DateTimeField(null=True)),
        migrations.AddField("contact", "placed_at", models.DateTimeField(null=True)),
        migrations.AddField("contact", "traits_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "factsdirty",
            "account",
            models.ForeignKey(
                to="accounts.account", on_delete=deletion.CASCADE, related_name="+", db_index=False, db_constraint=False
            ),
        ),
        migrations.AlterField(
            "event",
            "source",
            models.ForeignKey(
                to="accounts.source", on_delete=deletion.PROTECT, related_name="+", db_index=False, db_constraint=False
            ),
        ),
        *(
            migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 60)", f"ALTER TABLE {table} RESET (fillfactor)")
            for table in COUNTED
        ),
    ]
