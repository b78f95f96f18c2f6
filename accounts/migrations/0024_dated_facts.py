"""Who referred whom is looked up; the first answer of a contact to the quiz is told from later ones."""

from django.conf import settings
from django.db import migrations, models


# Until now there has been one version of the quiz; where there is another answer nevertheless, the earliest is first.
FIRST = """
UPDATE accounts_quizanswer SET is_first = id = (
    SELECT o.id FROM accounts_quizanswer o WHERE o.contact_id = accounts_quizanswer.contact_id
    ORDER BY o.answered_at, o.id LIMIT 1)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0023_discounts_and_pauses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='quizanswer',
            name='is_first',
            field=models.BooleanField(default=True),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('referred_by', ''), _negated=True), fields=['referred_by'], name='account_by_referrer'),
        ),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='quizanswer',
            constraint=models.UniqueConstraint(condition=models.Q(('is_first', True)), fields=('contact',), name='quiz_first_completed_once'),
        ),
    ]
