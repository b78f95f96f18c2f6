"""The demo company: `build()` makes a year of its history, seeded, ending today."""

from loyalty.demo.access import DemoAccess
from loyalty.demo.build import build

__all__ = ["DemoAccess", "build"]
