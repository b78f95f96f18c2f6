"""A campaign gets a trigger of any kind, an audience, a ladder, limits and versions; what stands is carried over."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


CARRY_OVER = """
UPDATE rewards_campaign AS campaign
SET trigger_kind = 'milestone', trigger_parameters = jsonb_build_object('milestone', milestone.key),
    holdout_seed = campaign.key
FROM accounts_milestone AS milestone WHERE milestone.id = campaign.milestone_id;

INSERT INTO rewards_campaignstep (campaign_id, position, reward_id, wait_days)
SELECT id, 1, reward_id, 0 FROM rewards_campaign ORDER BY id;

INSERT INTO rewards_campaignversion (campaign_id, version, terms, effective_at)
SELECT campaign.id, campaign.version, jsonb_build_object(
           'name', campaign.name, 'goal', campaign.goal, 'audience', campaign.audience,
           'trigger', jsonb_build_object('kind', 'milestone') || campaign.trigger_parameters,
           'ladder', jsonb_build_array(jsonb_build_object('reward', reward.key, 'wait_days', 0)),
           'recipient', campaign.recipient, 'cooldown_days', campaign.cooldown_days,
           'most_accounts', campaign.most_accounts, 'holdout_percent', campaign.holdout_percent,
           'holdout_seed', campaign.holdout_seed, 'data_needed', '', 'short_term_cost', '',
           'expected_ltv_gain', '', 'complexity', ''),
       coalesce(campaign.live_since, now())
FROM rewards_campaign AS campaign JOIN rewards_reward AS reward ON reward.id = campaign.reward_id ORDER BY campaign.id;

UPDATE rewards_candidate SET caused_on = (at AT TIME ZONE 'UTC')::date;

UPDATE rewards_offer SET delivered_at = closed_at WHERE state IN ('delivered', 'accepted', 'redeemed', 'declined');

SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_standing'),
        ('rewards', '0007_contract_fit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CampaignApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('function', models.CharField(choices=[('finance', 'Finance'), ('product', 'Product'), ('cs', 'Customer Success')], max_length=10)),
                ('approved_at', models.DateTimeField()),
                ('note', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['approved_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CampaignStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('wait_days', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['campaign', 'position'],
            },
        ),
        migrations.CreateModel(
            name='CampaignVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('terms', models.JSONField()),
                ('effective_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='EvaluationDue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('marked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='HoldoutAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_held_out', models.BooleanField()),
                ('seed', models.CharField(max_length=64)),
                ('percent', models.PositiveSmallIntegerField()),
                ('assigned_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='candidate',
            name='one_candidate_a_cause',
        ),
        migrations.RemoveConstraint(
            model_name='offer',
            name='one_offer_a_cause',
        ),
        migrations.AddField(
            model_name='campaign',
            name='audience',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='campaign',
            name='complexity',
            field=models.CharField(blank=True, choices=[('', 'not judged'), ('low', 'low'), ('medium', 'medium'), ('high', 'high')], max_length=10),
        ),
        migrations.AddField(
            model_name='campaign',
            name='cooldown_days',
            field=models.PositiveIntegerField(default=90),
        ),
        migrations.AddField(
            model_name='campaign',
            name='data_needed',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='campaign',
            name='expected_ltv_gain',
            field=models.CharField(blank=True, choices=[('', 'not judged'), ('low', 'low'), ('medium', 'medium'), ('high', 'high')], max_length=10),
        ),
        migrations.AddField(
            model_name='campaign',
            name='holdout_percent',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='campaign',
            name='holdout_seed',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='campaign',
            name='most_accounts',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='recipient',
            field=models.CharField(choices=[('champion', 'champion'), ('economic_buyer', 'economic buyer')], default='champion', max_length=20),
        ),
        migrations.AddField(
            model_name='campaign',
            name='short_term_cost',
            field=models.CharField(blank=True, choices=[('', 'not judged'), ('low', 'low'), ('medium', 'medium'), ('high', 'high')], max_length=10),
        ),
        migrations.AddField(
            model_name='campaign',
            name='trigger_kind',
            field=models.CharField(choices=[('milestone', 'Milestone'), ('streak', 'Streak'), ('track', 'Power-user track'), ('tier', 'Tier reached'), ('segment', 'Segment entered'), ('renewal_window', 'Renewal window'), ('seat_utilisation', 'Seat utilisation'), ('cancellation_intent', 'Cancellation intent'), ('paid_months', 'Paid months'), ('tenure_or_nps', 'Tenure or NPS'), ('days_since_sign_up', 'Days since sign-up'), ('multi_year_growth', 'Multi-year growth'), ('referral', 'Referral converted'), ('quiz', 'Preference quiz completed')], default='milestone', max_length=30),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='campaign',
            name='trigger_parameters',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='candidate',
            name='campaign_version',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='candidate',
            name='caused_on',
            field=models.DateField(default='2026-01-01'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='candidate',
            name='rule',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='candidate',
            name='step',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='candidate',
            name='subject',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='offer',
            name='delivered_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='offer',
            name='informed',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.contact'),
        ),
        migrations.AddField(
            model_name='offer',
            name='open_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='offer',
            name='step',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name='candidate',
            name='outcome',
            field=models.CharField(choices=[('unfit', 'unfit'), ('held_out', 'held out'), ('capped', 'capped'), ('proposed', 'proposed')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('cooldown_days__gte', 7)), name='cooldown_outlasts_late_data'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('holdout_percent__lte', 50)), name='holdout_at_most_half'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.UniqueConstraint(fields=('campaign', 'account', 'cause_key', 'step'), name='one_candidate_a_cause'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(fields=('campaign', 'account', 'cause_key', 'step'), name='one_offer_a_cause'),
        ),
        migrations.AddField(
            model_name='campaignapproval',
            name='approved_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='campaignapproval',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='rewards.campaign'),
        ),
        migrations.AddField(
            model_name='campaignstep',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='rewards.campaign'),
        ),
        migrations.AddField(
            model_name='campaignstep',
            name='reward',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaign_steps', to='rewards.reward'),
        ),
        migrations.AddField(
            model_name='campaignversion',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='rewards.campaign'),
        ),
        migrations.AddField(
            model_name='campaignversion',
            name='written_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='evaluationdue',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='holdoutassignment',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='holdoutassignment',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='rewards.campaign'),
        ),
        migrations.AddConstraint(
            model_name='campaignapproval',
            constraint=models.UniqueConstraint(fields=('campaign', 'version', 'function'), name='one_approval_a_function'),
        ),
        migrations.AddConstraint(
            model_name='campaignapproval',
            constraint=models.UniqueConstraint(fields=('campaign', 'version', 'approved_by'), name='one_function_a_person_within_a_campaign'),
        ),
        migrations.AddConstraint(
            model_name='campaignstep',
            constraint=models.UniqueConstraint(fields=('campaign', 'position'), name='one_reward_a_step'),
        ),
        migrations.AddConstraint(
            model_name='campaignversion',
            constraint=models.UniqueConstraint(fields=('campaign', 'version'), name='campaign_version_once'),
        ),
        migrations.AddConstraint(
            model_name='holdoutassignment',
            constraint=models.UniqueConstraint(fields=('campaign', 'account'), name='assigned_once'),
        ),
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name='campaign',
            name='milestone',
        ),
        migrations.RemoveField(
            model_name='campaign',
            name='reward',
        ),
    ]
