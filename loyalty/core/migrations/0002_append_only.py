from django.db import migrations

from loyalty.core.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [protect("core_auditline"), protect("core_auditseal")]
