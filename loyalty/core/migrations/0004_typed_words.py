import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# Each name that is struck out leaves the same word; so the text that stood before matches what is left, with
# anything in place of that word. Nothing else of it can be altered, not even by the owner of the table.
ONLY_STRIKE = r"""
CREATE FUNCTION refuse_other_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.digest = OLD.digest AND NEW.salt = '' AND NEW.struck_at IS NOT NULL
        AND OLD.text LIKE replace(regexp_replace(NEW.text, '([\\%_])', '\\\1', 'g'), '(erased)', '%')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % is refused: names can be struck out of it, and nothing else', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER only_strike BEFORE UPDATE OR DELETE ON core_typedwords
    FOR EACH ROW EXECUTE FUNCTION refuse_other_words();
"""
BACK = "DROP TRIGGER only_strike ON core_typedwords; DROP FUNCTION refuse_other_words();"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_second_factors'),
    ]

    operations = [
        migrations.CreateModel(
            name='TypedWords',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('salt', models.CharField(blank=True, max_length=32)),
                ('text', models.TextField()),
                ('struck_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector('text', config='simple'), name='typed_by_words')],
            },
        ),
        migrations.AddField(
            model_name='auditline',
            name='typed',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='core.typedwords'),
        ),
        migrations.AddIndex(
            model_name='auditline',
            index=models.Index(condition=models.Q(('typed__isnull', False)), fields=['typed'], name='audit_by_typed'),
        ),
        migrations.RunSQL(ONLY_STRIKE, BACK),
    ]
