"""A process that uses the engines of one data dir until its input ends.

`python -m tests.engines.holder DATA_DIR [UID GID]` prints a line of JSON when
the engines run and another one when it has left them. With UID and GID it
becomes that user first: after all imports, because that user may not be able
to read this interpreter.
"""

import json
import os
import sys
from pathlib import Path

import psycopg

from loyalty.engines import Session, binaries, broker, identity, layout, postgres


def become(data_dir: Path, uid: int, gid: int) -> None:
    """Give the data dir to the user, put the programs within reach, and become that user."""
    os.chown(data_dir, uid, gid)
    user = identity.Identity(identity.os_name(uid), uid, gid, dropped=False)
    binaries.for_layout(layout.resolve(data_dir, user))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def main() -> None:
    """Hold the engines until standard input ends."""
    data_dir = Path(sys.argv[1])
    if len(sys.argv) > 2:
        become(data_dir, int(sys.argv[2]), int(sys.argv[3]))
    places = layout.resolve(data_dir)
    session = Session(places, durable=False)
    started = session.start()
    pid = postgres.process_id(places)
    with psycopg.connect(
        host=str(places.socket_dir), port=postgres.PORT, user=postgres.APP_ROLE, dbname=postgres.DATABASE
    ) as connection:
        row = connection.execute("SELECT current_user::text").fetchone()
    tell(
        started=started,
        postgres=pid,
        broker=broker.process_id(places),
        server_uid=Path(f"/proc/{pid}").stat().st_uid,
        role=row[0] if row else "",
    )
    sys.stdin.read()
    tell(stopped=session.stop())


def tell(**facts: object) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
