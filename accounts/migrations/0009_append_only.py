from django.db import migrations

from loyalty.core.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_storage"), ("core", "0002_append_only")]
    operations = [protect("accounts_consent")]
