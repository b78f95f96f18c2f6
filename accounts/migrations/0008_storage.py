"""Storage that suits rows that are counted up many times a day, and pieces of files.

Pages that are left a part empty let a count be written beside its old version
without touching an index. Pieces come and go once: trying to compress them costs
more than the disk that it saves.
"""

from django.db import migrations

COUNTED = ("accounts_dailyusage", "accounts_eventday", "accounts_contactday")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_time_zones")]
    operations = [
        *(
            migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 60)", f"ALTER TABLE {table} RESET (fillfactor)")
            for table in COUNTED
        ),
        migrations.RunSQL(
            "ALTER TABLE accounts_filechunk ALTER COLUMN content SET STORAGE EXTERNAL",
            "ALTER TABLE accounts_filechunk ALTER COLUMN content SET STORAGE EXTENDED",
        ),
    ]
