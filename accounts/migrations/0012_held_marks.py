"""Marks of accounts whose facts could not be worked out step aside for those of all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_waiting_for_contacts")]
    operations = [
        migrations.AddField(model_name="factsdirty", name="held_since", field=models.DateTimeField(null=True)),
    ]
