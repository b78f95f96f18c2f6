"""The Node client libraries of Segment and RudderStack, as they are, installed by npm into a folder that goes away."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.story import Story

HERE = Path(__file__).parent
# Library → the program that tells a story through it. The major versions are those that the programs are written for.
PROGRAMS = {"@segment/analytics-node": "segment_node.mjs", "@rudderstack/rudder-sdk-node": "rudder_node.cjs"}
MAJOR = 3
HOW_TO_INSTALL = "npm is not installed (Debian, Ubuntu: `apt-get install npm`), so the Node libraries were not run."


@dataclass(frozen=True)
class Libraries:
    """A folder that the libraries are installed in; `versions` is library → version."""

    folder: Path
    versions: dict[str, str]

    def tell(self, library: str, story: Story, address: str, key: str, **options: Any) -> list[str]:
        """Tell a story through a library; returns what it reports as failed. `options`: path, gzip."""
        told = {"address": address, "key": key, "calls": story.calls(), **options}
        # Node tells times to the millisecond.
        text = json.dumps(told, default=lambda at: at.isoformat(timespec="milliseconds"))
        command = ["node", str(self.folder / PROGRAMS[library])]
        ran = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, cwd=self.folder)
        if ran.returncode:
            raise RuntimeError(f"{library} ended with {ran.returncode}: {ran.stderr[-2000:]}")
        return list(json.loads(ran.stdout.splitlines()[-1])["failures"])


def is_there() -> bool:
    """Whether this machine has node and npm."""
    return bool(shutil.which("node") and shutil.which("npm"))


@contextmanager
def installed() -> Iterator[Libraries]:
    """Install the libraries from the registry that npm is set up for."""
    with tempfile.TemporaryDirectory(prefix="loyalty-node-") as name:
        folder = Path(name)
        (folder / "package.json").write_text('{"private": true}')
        wanted = [f"{library}@{MAJOR}" for library in PROGRAMS]
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *wanted]
        subprocess.run(command, cwd=folder, check=True, timeout=300, capture_output=True)
        for program in PROGRAMS.values():
            shutil.copy(HERE / program, folder)
        yield Libraries(folder, {library: _version(folder, library) for library in PROGRAMS})


def _version(folder: Path, library: str) -> str:
    package = folder / "node_modules" / library / "package.json"
    return str(json.loads(package.read_text())["version"])
