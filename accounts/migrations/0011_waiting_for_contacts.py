"""What came too early waits for contacts too, with what its batch told; so do calls that were taken in before."""

from django.db import migrations, models

# No call was placed when nobody knew the account that it named.
_WAITING = """
UPDATE accounts_profilecall SET waits_for = payload ->> 'groupId'
WHERE account_id IS NULL AND payload ->> 'groupId' <> ''
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_roles_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='profilecall',
            name='waits_for',
            field=models.CharField(blank=True, db_default='', default='', max_length=255),
        ),
        migrations.AddField(
            model_name='refuseditem',
            name='batch_group',
            field=models.CharField(blank=True, db_default='', default='', max_length=255),
        ),
        migrations.AddField(
            model_name='refuseditem',
            name='batch_sent_at',
            field=models.CharField(blank=True, db_default='', default='', max_length=255),
        ),
        migrations.AddField(
            model_name='refuseditem',
            name='waits_as',
            field=models.CharField(blank=True, db_default='', default='', max_length=10),
        ),
        migrations.AddIndex(
            model_name='profilecall',
            index=models.Index(condition=models.Q(('waits_for', ''), _negated=True), fields=['id'], name='profile_call_waiting'),
        ),
        migrations.RunSQL(_WAITING, migrations.RunSQL.noop),
    ]
