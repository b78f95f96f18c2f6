from django.db import migrations

CHART = [
    ("credit_liability", "Credits granted, not yet used (liability)"),
    ("reward_cost", "Cost of rewards"),
    ("receivable", "Customer invoices"),
    ("breakage_income", "Credits that lapsed"),
    ("breakage_ahead", "Breakage recognised before credits lapse (lowers the liability)"),
]


def open_books(apps, schema_editor):
    ledger_account = apps.get_model("rewards", "LedgerAccount")
    ledger_account.objects.bulk_create([ledger_account(code=code, name=name) for code, name in CHART])


class Migration(migrations.Migration):
    dependencies = [("rewards", "0005_append_only")]
    operations = [migrations.RunPython(open_books, migrations.RunPython.noop)]
