import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_metered_days"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField("refuseditem", "retried_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "refuseditem",
            "retried_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("refuseditem", "retried_reason", models.TextField(null=True)),
        migrations.AddField("refuseditem", "went_in_at", models.DateTimeField(null=True)),
    ]
