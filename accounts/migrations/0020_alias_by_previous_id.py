"""Who had an id before: alias calls are looked up by it whenever nobody is known by an id."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_score_cuts")]

    operations = [
        migrations.AddIndex(
            "profilecall",
            models.Index(
                KeyTextTransform("previousId", "payload"),
                name="alias_by_previous_id",
                condition=models.Q(call="alias"),
            ),
        ),
    ]
