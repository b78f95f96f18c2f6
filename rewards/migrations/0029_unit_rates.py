"""Points as a unit, and the rates of units by day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RATE = """
CREATE FUNCTION unit_rate(the_unit text, the_reporting text, the_day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN the_unit = the_reporting THEN 1 ELSE (
        SELECT rate.per_unit FROM rewards_unitrate AS rate
        WHERE rate.unit = the_unit AND rate.reporting = the_reporting AND rate.effective_on <= the_day
        ORDER BY rate.effective_on DESC LIMIT 1) END
$$;
"""

# As loyalty.core.money writes it; a test holds the two together.
MONEY = """
CREATE OR REPLACE FUNCTION money_text(amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN round(amount, 2) < 0 THEN '−' ELSE '' END
        || CASE currency WHEN 'USD' THEN '$' WHEN 'EUR' THEN '€' WHEN 'GBP' THEN '£' WHEN 'PTS' THEN ''
                         ELSE currency || ' ' END
        || CASE currency WHEN 'PTS'
                THEN regexp_replace(to_char(abs(round(amount, 2)), 'FM999,999,999,999,999,990.00'), '\\.00$', '')
                     || CASE WHEN abs(round(amount, 2)) = 1 THEN ' point' ELSE ' points' END
                ELSE to_char(abs(round(amount, 2)), 'FM999,999,999,999,999,990.00') END
$$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION money_text(amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN round(amount, 2) < 0 THEN '−' ELSE '' END
        || CASE currency WHEN 'USD' THEN '$' WHEN 'EUR' THEN '€' WHEN 'GBP' THEN '£' ELSE currency || ' ' END
        || to_char(abs(round(amount, 2)), 'FM999,999,999,999,999,990.00')
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('rewards', '0028_answer_days'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UnitRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=3)),
                ('reporting', models.CharField(max_length=3)),
                ('effective_on', models.DateField()),
                ('per_unit', models.DecimalField(decimal_places=8, max_digits=18)),
                ('source', models.CharField(max_length=120)),
                ('kept_at', models.DateTimeField(auto_now=True)),
                ('kept_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['unit', '-effective_on'],
                'constraints': [models.UniqueConstraint(fields=('unit', 'reporting', 'effective_on'), name='one_rate_a_unit_and_day'), models.CheckConstraint(condition=models.Q(('per_unit__gt', 0)), name='rate_above_zero'), models.CheckConstraint(condition=models.Q(('unit', models.F('reporting')), _negated=True), name='rate_of_another_unit')],
            },
        ),
        migrations.RunSQL(RATE, "DROP FUNCTION unit_rate(text, text, date);"),
        migrations.RunSQL(MONEY, BEFORE),
    ]
