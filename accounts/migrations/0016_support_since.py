"""Since when support is told, as the facts of all accounts were last worked out for.

Nobody knows that of the facts that are there already, so the row begins as
"never": the first look marks what is wrong, and nothing else.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_standing")]

    operations = [
        migrations.CreateModel(
            name="SupportSince",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_support_since")],
            },
        ),
    ]
