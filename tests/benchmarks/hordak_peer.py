"""django-hordak's transfer, measured in an environment of its own: a script, told what to do by its environment.

Each line of its input is how many transfers to make, each committed by itself or, with “together” behind the
number, all in one transaction; each answer is one line of JSON.
"""

import json
import os
import sys
import time
from contextlib import nullcontext
from importlib.metadata import version

import django
from django.conf import settings


def main() -> None:
    """Make transfers between two accounts by the library's own shortcut."""
    settings.configure(
        SECRET_KEY="of-the-benchmark-only",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["PEER_DATABASE"])}},
        DEFAULT_CURRENCY="USD",
        HORDAK_INTERNAL_CURRENCY="USD",
        CURRENCIES=["USD"],
    )
    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from hordak.models import Account, AccountType, Leg
    from moneyed import Money

    call_command("migrate", verbosity=0)
    cost = Account.objects.create(name="Cost", code="1", type=AccountType.expense, currencies=["USD"])
    owed = Account.objects.create(name="Owed", code="2", type=AccountType.liability, currencies=["USD"])

    def transfer() -> None:
        owed.transfer_to(cost, Money("7.00", "USD"), description="A credit")

    transfer()
    for line in sys.stdin:
        count, *together = line.split()
        started = time.perf_counter()
        with transaction.atomic() if together else nullcontext():
            for _ in range(int(count)):
                with transaction.atomic():
                    transfer()
        told = {"seconds": time.perf_counter() - started, "legs": Leg.objects.count()}
        versions = {name: version(name) for name in ("django-hordak", "django")}
        sys.stdout.write(json.dumps(told | {"versions": versions}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
