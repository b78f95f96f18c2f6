"""Consent, erasure, the quiz and the retention of raw events.

Who was erased is kept from coming back by the database itself, because ids of
contacts come in by many ways: a row of such an id is not inserted. The digest
is salted with a value that only this database has.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from loyalty.core.append_only import protect

SUPPRESSION = """
CREATE TABLE accounts_suppressionsalt (salt text NOT NULL);
INSERT INTO accounts_suppressionsalt SELECT gen_random_uuid()::text || gen_random_uuid()::text;

CREATE FUNCTION suppression_digest(external_id text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(salt || external_id, 'UTF8')), 'hex') FROM accounts_suppressionsalt LIMIT 1
$$;

CREATE FUNCTION contact_was_erased(external_id text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM accounts_suppressed WHERE digest = suppression_digest(external_id))
$$;

CREATE FUNCTION keep_erased_away() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF contact_was_erased(NEW.external_id) THEN RETURN NULL; END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_erased_away BEFORE INSERT ON accounts_contact
FOR EACH ROW EXECUTE FUNCTION keep_erased_away();
"""
UNDO = """
DROP TRIGGER keep_erased_away ON accounts_contact;
DROP FUNCTION keep_erased_away();
DROP FUNCTION contact_was_erased(text);
DROP FUNCTION suppression_digest(text);
DROP TABLE accounts_suppressionsalt;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_subscription_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Suppressed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "contact",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="erasure", to="accounts.contact"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("months", models.PositiveIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_retention"),
                    models.CheckConstraint(
                        condition=models.Q(months=None) | models.Q(months__gte=3), name="retention_in_reason"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("granted", models.BooleanField()),
                ("policy_version", models.CharField(blank=True, max_length=40)),
                ("source", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "contact",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent_words",
                        to="accounts.contact",
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "granted", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("contact", "at", "granted", "policy_version"), name="consent_told_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuizAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("work", models.CharField(blank=True, max_length=20)),
                ("goals", models.TextField(blank=True)),
                (
                    "wishes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("answered_at", models.DateTimeField()),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quiz_answers",
                        to="accounts.contact",
                    ),
                ),
            ],
            options={
                "ordering": ["-answered_at", "-id"],
                "constraints": [models.UniqueConstraint(fields=("contact", "version"), name="quiz_answered_once")],
            },
        ),
        protect("accounts_consent"),
        migrations.RunSQL(SUPPRESSION, UNDO),
    ]
