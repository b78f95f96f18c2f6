"""One import of product use by the command, in a process of its own, so that it can be killed and its memory told."""

import json
import sys

import django

from tests.faults.memory import peak_mb


def main(path: str, chunk: int) -> None:
    """Take the file in, chunk by chunk of so many rows; prints what the command says, then the peak memory as JSON."""
    django.setup()
    from django.core.management import call_command

    from accounts.intake.files import importing

    importing.CHUNK = chunk
    call_command("import_csv", "usage", path, "--no-refresh")
    peak = peak_mb()
    sys.stdout.write(json.dumps({"peak_mb": round(peak)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
