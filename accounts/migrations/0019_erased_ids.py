"""What came with an id that named somebody who was erased is known by a digest, should it come again."""

from django.db import migrations, models

ERASED_ID = """
CREATE FUNCTION erased_id(message_id text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'erased:' || suppression_digest(message_id)
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_ticket_turns")]
    operations = [
        migrations.RunSQL(ERASED_ID, "DROP FUNCTION erased_id(text)"),
        migrations.AddField(
            model_name="source",
            name="has_erased_ids",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
