"""An approval of a campaign ends when what the campaign gives becomes another thing, and can be given again."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rewards', '0020_open_until'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='campaignapproval',
            name='one_approval_a_function',
        ),
        migrations.RemoveConstraint(
            model_name='campaignapproval',
            name='one_function_a_person_within_a_campaign',
        ),
        migrations.AddField(
            model_name='campaignapproval',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='campaignapproval',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('campaign', 'version', 'function'), name='one_approval_a_function'),
        ),
        migrations.AddConstraint(
            model_name='campaignapproval',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('campaign', 'version', 'approved_by'), name='one_function_a_person_within_a_campaign'),
        ),
    ]
