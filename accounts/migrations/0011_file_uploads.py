import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("account", "Accounts (CRM)"),
    ("subscription", "Subscriptions (billing)"),
    ("usage", "Usage (product, CDP)"),
    ("support", "Support (tickets)"),
    ("feedback", "Feedback (NPS, CSAT)"),
]


def number():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_hook_calls"),
        ("core", "0004_jobs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FileUpload",
            fields=[
                ("id", number()),
                ("kind", models.CharField(choices=KINDS, max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("size", models.BigIntegerField()),
                ("overrides", models.JSONField(default=dict)),
                ("header", models.JSONField(default=list)),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "job",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.job"
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="FileChunk",
            fields=[
                ("id", number()),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="accounts.fileupload",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("upload", "number"), name="file_chunk_once")],
            },
        ),
        migrations.CreateModel(
            name="FileRefusal",
            fields=[
                ("id", number()),
                ("line", models.PositiveIntegerField()),
                ("raw", models.TextField()),
                ("reason", models.TextField()),
                (
                    "upload",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="accounts.fileupload",
                    ),
                ),
            ],
            options={
                "ordering": ["line"],
                "constraints": [models.UniqueConstraint(fields=("upload", "line"), name="file_refusal_once")],
            },
        ),
        # Pieces come and go once: trying to compress them costs more than the disk that it saves.
        migrations.RunSQL(
            "ALTER TABLE accounts_filechunk ALTER COLUMN content SET STORAGE EXTERNAL",
            "ALTER TABLE accounts_filechunk ALTER COLUMN content SET STORAGE EXTENDED",
        ),
    ]
