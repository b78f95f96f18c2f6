"""Second factors become allauth's authenticators: what was confirmed goes over, sealed as it was."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# As Django's database cache wants it.
USED_ONCE = """
CREATE TABLE core_used_once (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX core_used_once_expires ON core_used_once (expires);
"""


def hand_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    authenticators = apps.get_model("mfa", "Authenticator").objects
    authenticators.bulk_create(
        authenticators.model(
            user_id=factor.person_id, type="totp", data={"secret": factor.sealed}, created_at=factor.confirmed_at
        )
        for factor in apps.get_model("core", "SecondFactor").objects.filter(confirmed_at__isnull=False)
    )


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    factors = apps.get_model("core", "SecondFactor").objects
    factors.bulk_create(
        factors.model(person_id=kept.user_id, sealed=kept.data["secret"], confirmed_at=kept.created_at)
        for kept in apps.get_model("mfa", "Authenticator").objects.filter(type="totp")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_append_only"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations = [
        migrations.RunSQL(USED_ONCE, "DROP TABLE core_used_once"),
        migrations.RunPython(hand_over, take_back),
        migrations.DeleteModel("SecondFactor"),
    ]
