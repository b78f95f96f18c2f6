"""What sources had refused and still wait for: counted and shown on the page of each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0021_tiers")]

    operations = [
        migrations.AddIndex(
            "refuseditem",
            models.Index(fields=["source", "-id"], name="refused_not_gone_in", condition=models.Q(went_in_at=None)),
        ),
    ]
