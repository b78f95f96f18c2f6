"""An offer may ask for cap room again once its rejection was taken back: each time is a turn of its own."""

from importlib import import_module

from django.db import migrations, models

before = import_module("rewards.migrations.0005_cap_functions")


def changed(function: str, *changes: tuple[str, str]) -> str:
    """The function with each of the changes, which must all find their place."""
    text = function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"Not once in the function: {old}")
        text = text.replace(old, new)
    return text


RESERVE = changed(
    before.RESERVE,
    (
        "AND entry.offer_id = asked.offer_id AND entry.kind = 'reserve')",
        """AND entry.offer_id = asked.offer_id AND entry.kind = 'reserve'
                              AND NOT EXISTS (SELECT FROM rewards_capentry AS freed
                                              WHERE freed.period_id = entry.period_id AND freed.turn = entry.turn
                                                AND freed.offer_id = entry.offer_id AND freed.kind = 'release'))""",
    ),
    (
        "INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at)\n"
        "    SELECT entry.period_id, entry.offer_id, 'reserve', entry.amount, clock_timestamp()\n",
        "INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at, turn)\n"
        "    SELECT entry.period_id, entry.offer_id, 'reserve', entry.amount, clock_timestamp(),\n"
        "           1 + (SELECT coalesce(max(known.turn), 0) FROM rewards_capentry AS known\n"
        "                WHERE known.period_id = entry.period_id AND known.offer_id = entry.offer_id)\n",
    ),
)

SETTLE = changed(
    before.SETTLE,
    (
        "AND spent.offer_id = freed.offer_id AND spent.kind = 'spend')",
        """AND spent.offer_id = freed.offer_id AND spent.turn = freed.turn AND spent.kind = 'spend')
          AND NOT EXISTS (SELECT FROM rewards_capentry AS again WHERE again.offer_id = freed.offer_id
                          AND again.id > freed.id AND again.kind = 'reserve')""",
    ),
    (
        "INSERT INTO rewards_capentry (period_id, offer_id, kind, amount, at)",
        "INSERT INTO rewards_capentry (period_id, offer_id, kind, turn, amount, at)",
    ),
    (
        "CASE step WHEN 'spend' THEN 'spend' ELSE 'release' END,\n",
        "CASE step WHEN 'spend' THEN 'spend' ELSE 'release' END, entry.turn,\n",
    ),
    (
        "AND after.offer_id = entry.offer_id\n",
        "AND after.offer_id = entry.offer_id AND after.turn = entry.turn\n",
    ),
    ("ON CONFLICT (period_id, offer_id, kind) DO NOTHING", "ON CONFLICT (period_id, offer_id, kind, turn) DO NOTHING"),
)


class Migration(migrations.Migration):
    dependencies = [("rewards", "0030_balance_changes")]
    operations = [
        migrations.AddField("capentry", "turn", models.PositiveSmallIntegerField(db_default=1, default=1)),
        migrations.RemoveConstraint("capentry", "cap_entry_once"),
        migrations.AddConstraint(
            "capentry",
            models.UniqueConstraint(fields=("period", "offer", "kind", "turn"), name="cap_entry_once"),
        ),
        migrations.RunSQL(
            RESERVE + SETTLE,
            changed(before.RESERVE) + changed(before.SETTLE),
        ),
    ]
