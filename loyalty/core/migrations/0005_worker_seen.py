from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_jobs")]

    operations = [
        migrations.CreateModel(
            name="WorkerSeen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={"constraints": [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_worker_seen")]},
        ),
    ]
