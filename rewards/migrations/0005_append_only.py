from django.db import migrations

from loyalty.core.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_delivery"), ("core", "0002_append_only")]
    operations = [
        protect("rewards_ledgeraccount"),
        protect("rewards_creditlot"),
        protect("rewards_posting"),
        protect("rewards_postingline"),
        protect("rewards_capentry"),
        protect("rewards_breakagemonth"),
    ]
