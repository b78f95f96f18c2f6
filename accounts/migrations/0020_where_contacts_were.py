"""Where contacts were at first, which events go with their contact, and of whom it was told anew."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_erased_ids'),
    ]

    operations = [
        migrations.AddField(
            model_name='contact',
            name='seen_account',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='contact',
            name='seen_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='event',
            name='by_contact',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name='PlaceDirty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.contact')),
            ],
        ),
    ]
