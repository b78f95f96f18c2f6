"""Segments, their versions, and who entered and left them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_support_since'),
    ]

    operations = [
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('goal', models.CharField(blank=True, max_length=200)),
                ('reward', models.CharField(blank=True, max_length=200)),
                ('priority', models.PositiveSmallIntegerField(default=50)),
                ('status', models.CharField(choices=[('draft', 'draft'), ('live', 'live'), ('retired', 'retired')], default='draft', max_length=10)),
                ('rule', models.JSONField()),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'ordering': ['priority', 'key'],
                'constraints': [models.CheckConstraint(condition=models.Q(('priority__gte', 1)), name='segment_priority_positive')],
            },
        ),
        migrations.CreateModel(
            name='SegmentMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entered', models.BooleanField()),
                ('day', models.DateField()),
                ('version', models.PositiveIntegerField()),
                ('cause', models.CharField(choices=[('facts', 'facts'), ('rule', 'rule'), ('start', 'start')], max_length=5)),
                ('evidence', models.JSONField()),
                ('fires', models.BooleanField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='segment_moves', to='accounts.account')),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='accounts.segment')),
            ],
            options={
                'ordering': ['-day', '-id'],
                'indexes': [models.Index(fields=['segment', '-day', '-id'], name='segment_move_by_segment'), models.Index(condition=models.Q(('fires', True), ('withdrawn_at', None)), fields=['day', 'id'], name='segment_move_that_fires')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('account', 'segment', 'entered', 'day'), name='segment_move_once')],
            },
        ),
        migrations.CreateModel(
            name='SegmentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=120)),
                ('goal', models.CharField(blank=True, max_length=200)),
                ('reward', models.CharField(blank=True, max_length=200)),
                ('priority', models.PositiveSmallIntegerField()),
                ('status', models.CharField(max_length=10)),
                ('rule', models.JSONField()),
                ('effective_at', models.DateTimeField()),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='accounts.segment')),
            ],
            options={
                'ordering': ['-version'],
                'constraints': [models.UniqueConstraint(fields=('segment', 'version'), name='segment_version_once')],
            },
        ),
    ]
