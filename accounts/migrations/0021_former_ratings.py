"""What tickets were rated before they were rated again."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_where_contacts_were")]

    operations = [
        # What records said of ratings was kept as digests, which tell no score; the rows themselves tell it instead.
        migrations.RunSQL(
            "UPDATE accounts_recordtold SET told = told - 'rated_at: said' WHERE type = 'ticket'",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="ticket",
            name="former_scores",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DecimalField(decimal_places=1, max_digits=3, null=True), null=True, size=None
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="former_rated_at",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), null=True, size=None),
        ),
    ]
