"""What each scheme of signing brings: the channel that its calls are counted under, and how bodies are read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.intake.hooks import hubspot, zendesk
from accounts.intake.hooks.reading import Reading, read_body
from accounts.intake.hooks.rules import CHANNEL
from accounts.sources.rules import Scheme

Read = Callable[[Any, datetime], Reading]

READERS: dict[Scheme, Read] = {Scheme.STANDARD: read_body, Scheme.HUBSPOT: hubspot.read, Scheme.ZENDESK: zendesk.read}
CHANNELS: dict[Scheme, str] = {
    scheme: CHANNEL if scheme is Scheme.STANDARD else f"{CHANNEL} {scheme.value}" for scheme in READERS
}
SCHEMES: dict[str, Scheme] = {channel: scheme for scheme, channel in CHANNELS.items()}
