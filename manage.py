#!/usr/bin/env python
"""Run a command: `manage.py demo`, `manage.py help`.

Database and broker are those of DATABASE_URL and REDIS_URL; when unset, our
own are started for as long as the command runs.
"""

import os
import sys

from django.core.management import execute_from_command_line

from loyalty.engines import EngineError
from loyalty.engines.commands import engines_for, role, take_data_dir


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
    arguments, data_dir = take_data_dir(sys.argv[1:])
    if data_dir:
        os.environ["LOYALTY_DATA_DIR"] = os.path.abspath(data_dir)
    os.environ.setdefault("LOYALTY_DB_ROLE", role(arguments))
    try:
        with engines_for(arguments):
            execute_from_command_line([sys.argv[0], *arguments])
    except EngineError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
