"""Made-up files, and taking them in."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from django.core.management import call_command

ACCOUNTS = "account_id,account_name,industry,signup_date,plan_tier\nA-1,Acme,DevTools,2026-01-05,Pro\n"
SUBSCRIPTIONS = (
    "subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,is_trial,billing_frequency\n"
    "S-1,A-1,2026-02-01,,Pro,5,100,False,monthly\n"
)
USAGE_HEAD = "usage_id,subscription_id,usage_date,feature_name,usage_count,usage_duration_secs\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def take(folder: Path, kind: str, content: str | bytes, *options: str, refresh: bool = False) -> str:
    """Import the content as a file; returns what the command said."""
    said = StringIO()
    path = write(folder, f"{kind}.csv", content)
    call_command("import_csv", kind, str(path), *options, *([] if refresh else ["--no-refresh"]), stdout=said)
    return said.getvalue()


def refused(folder: Path, kind: str) -> list[Sequence[str]]:
    """The rows of the file of refused rows, without its header; none when there is no such file."""
    path = folder / f"{kind}.csv.refused.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]
