"""Streaks, power-user tracks and referrals; when on its days an event happened; accounts of an unknown time zone.

Event days that are there get their first and last moments from the raw events; where these are no
longer kept, noon in UTC stands for both, which is the same day from -11:59 to +11:59.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


ZONES = """
CREATE FUNCTION keep_known_time_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    PERFORM now() AT TIME ZONE NEW.time_zone;
    RETURN NEW;
EXCEPTION WHEN invalid_parameter_value THEN
    NEW.time_zone := '';
    RETURN NEW;
END $$;
CREATE TRIGGER account_time_zone_known BEFORE INSERT OR UPDATE OF time_zone ON accounts_account
    FOR EACH ROW WHEN (NEW.time_zone <> '') EXECUTE FUNCTION keep_known_time_zone();

CREATE FUNCTION mark_days_of_time_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT NEW.id, day FROM accounts_dailyusage WHERE account_id = NEW.id ORDER BY day LIMIT 1;
    RETURN NULL;
END $$;
CREATE TRIGGER account_time_zone_marks AFTER UPDATE OF time_zone ON accounts_account
    FOR EACH ROW WHEN (NEW.time_zone IS DISTINCT FROM OLD.time_zone) EXECUTE FUNCTION mark_days_of_time_zone();
"""
NO_ZONES = """
DROP TRIGGER account_time_zone_marks ON accounts_account;
DROP FUNCTION mark_days_of_time_zone();
DROP TRIGGER account_time_zone_known ON accounts_account;
DROP FUNCTION keep_known_time_zone();
"""
MOMENTS = """
UPDATE accounts_eventday SET first_at = (day + time '12:00') AT TIME ZONE 'UTC', last_at = (day + time '12:00') AT TIME ZONE 'UTC'
WHERE quantity > 0;
UPDATE accounts_eventday d SET first_at = e.first_at, last_at = e.last_at
FROM (SELECT account_id, name, (occurred_at AT TIME ZONE 'UTC')::date AS day,
             min(occurred_at) AS first_at, max(occurred_at) AS last_at
      FROM accounts_event WHERE quantity > 0 GROUP BY 1, 2, 3) AS e
WHERE e.account_id = d.account_id AND e.name = d.name AND e.day = d.day;
UPDATE accounts_dailyusage u SET key_first_at = d.first_at, key_last_at = d.last_at
FROM (SELECT d.account_id, d.day, min(d.first_at) AS first_at, max(d.last_at) AS last_at
      FROM accounts_eventday d JOIN accounts_keyaction k ON k.event_name = d.name GROUP BY 1, 2) AS d
WHERE u.account_id = d.account_id AND u.day = d.day AND u.key_actions > 0;
UPDATE accounts_dailyusage SET key_first_at = (day + time '12:00') AT TIME ZONE 'UTC', key_last_at = (day + time '12:00') AT TIME ZONE 'UTC'
WHERE key_actions > 0 AND key_first_at IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0017_segments'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='referred_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=255),
        ),
        migrations.AddField(
            model_name='dailyusage',
            name='key_first_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='dailyusage',
            name='key_last_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='eventday',
            name='first_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='eventday',
            name='last_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='milestone',
            name='counts_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='accounts.milestone'),
        ),
        migrations.AddField(
            model_name='milestoneversion',
            name='counts_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.milestone'),
        ),
        migrations.AlterField(
            model_name='account',
            name='time_zone',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.CreateModel(
            name='Pattern',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(choices=[('event', 'event'), ('key_action', 'key_action'), ('sign_in', 'sign_in'), ('any', 'any')], max_length=10)),
                ('event_name', models.CharField(blank=True, max_length=200)),
                ('pace', models.CharField(choices=[('day', 'day'), ('working_day', 'working_day'), ('week', 'week')], max_length=12)),
                ('features', models.PositiveIntegerField()),
                ('active_days', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('action', 'event_name', 'pace', 'features', 'active_days'), name='pattern_once'), models.CheckConstraint(condition=models.Q(('active_days__gte', 1)), name='pattern_needs_a_day')],
            },
        ),
        migrations.CreateModel(
            name='PatternCounted',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'pattern_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
                ('pattern', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.pattern')),
            ],
        ),
        migrations.CreateModel(
            name='Streak',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('length', models.PositiveIntegerField()),
                ('within_days', models.PositiveIntegerField(null=True)),
                ('status', models.CharField(choices=[('draft', 'draft'), ('live', 'live'), ('retired', 'retired')], default='draft', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('kind', models.CharField(choices=[('streak', 'streak'), ('track', 'track')], max_length=10)),
                ('key', models.SlugField(max_length=60, unique=True)),
                ('pattern', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.pattern')),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='StreakReach',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('length', models.PositiveIntegerField()),
                ('run_starts_on', models.DateField()),
                ('reached_on', models.DateField()),
                ('reached_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('fires', models.BooleanField()),
                ('joined', models.BooleanField(db_default=False, default=False)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='streak_reaches', to='accounts.account')),
                ('event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.event')),
                ('streak', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reaches', to='accounts.streak')),
            ],
            options={
                'ordering': ['-reached_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='StreakRun',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'pattern_id', 'starts_on', blank=True, editable=False, primary_key=True, serialize=False)),
                ('starts_on', models.DateField()),
                ('known_on', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), size=None)),
                ('best_before', models.PositiveIntegerField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
                ('pattern', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.pattern')),
            ],
        ),
        migrations.CreateModel(
            name='StreakVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('length', models.PositiveIntegerField()),
                ('within_days', models.PositiveIntegerField(null=True)),
                ('status', models.CharField(choices=[('draft', 'draft'), ('live', 'live'), ('retired', 'retired')], default='draft', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('effective_at', models.DateTimeField()),
                ('pattern', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.pattern')),
                ('streak', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='accounts.streak')),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('converted_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('fires', models.BooleanField()),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.invoice')),
                ('referred', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='referral', to='accounts.account')),
                ('referrer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='accounts.account')),
            ],
            options={
                'ordering': ['-converted_at', '-id'],
                'indexes': [models.Index(fields=['-converted_at'], name='referral_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('referred', models.F('referrer')), _negated=True), name='referral_is_of_another_account')],
            },
        ),
        migrations.AddConstraint(
            model_name='streak',
            constraint=models.CheckConstraint(condition=models.Q(('length__gte', 1)), name='streak_length_positive'),
        ),
        migrations.AddIndex(
            model_name='streakreach',
            index=models.Index(fields=['streak', '-reached_at'], name='streak_reach_by_streak'),
        ),
        migrations.AddConstraint(
            model_name='streakreach',
            constraint=models.UniqueConstraint(fields=('streak', 'account', 'run_starts_on'), name='streak_reached_once_a_run'),
        ),
        migrations.AddConstraint(
            model_name='streakreach',
            constraint=models.CheckConstraint(condition=models.Q(('joined', False), ('fires', False), _connector='OR'), name='joined_fires_no_more'),
        ),
        migrations.AddConstraint(
            model_name='streakversion',
            constraint=models.UniqueConstraint(fields=('streak', 'version'), name='streak_version_once'),
        ),
        migrations.RunSQL(ZONES, NO_ZONES),
        migrations.RunSQL(MOMENTS, migrations.RunSQL.noop),
    ]
