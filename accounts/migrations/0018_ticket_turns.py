"""When tickets were opened again, and when they were rated."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_milestone_terms_from"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="rated_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="turns",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), null=True, size=None),
        ),
    ]
