"""What the accounts floor tells the ground: what can be changed by request, what the top bar warns of."""

from accounts.milestones.changing import MILESTONE
from accounts.milestones.key_actions import KEY_ACTIONS
from accounts.sources.warning import silent_source_warning
from loyalty.core.changes.registry import register
from loyalty.core.shell.registry import add_warning


def wire() -> None:
    """Register everything once, when the app is ready."""
    register(MILESTONE)
    register(KEY_ACTIONS)
    add_warning(silent_source_warning)
