"""What the accounts floor tells the ground: what can be changed by request."""

from accounts.milestones.changing import MILESTONE
from accounts.milestones.key_actions import KEY_ACTIONS
from loyalty.core.changes.registry import register


def wire() -> None:
    """Register everything once, when the app is ready."""
    register(MILESTONE)
    register(KEY_ACTIONS)
