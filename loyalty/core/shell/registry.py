"""What higher floors add to the shell: counts beside the navigation, warnings, and things to find.

The ground lists the addresses by name; a room registers in its app's `ready()`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from loyalty.core.people.models import User

Counter = Callable[[User], int]


@dataclass(frozen=True)
class Found:
    """One thing that a search found."""

    label: str
    detail: str
    url: str


Finder = Callable[[str, User], list[Found]]


@dataclass(frozen=True)
class Warned:
    """One warning of the top bar, and where to look."""

    text: str
    url: str


@dataclass(frozen=True)
class SettingsTab:
    """One page under /settings/; `url_name` is the name of its address."""

    label: str
    url_name: str


_settings: list[SettingsTab] = []
_warnings: list[Callable[[], Warned | None]] = []
_counters: dict[str, Counter] = {}
_finders: dict[str, Finder] = {}


def add_counter(url_name: str, counter: Counter) -> None:
    """Show how much waits for a person beside the navigation item of that address."""
    _counters[url_name] = counter


def add_finder(label: str, finder: Finder) -> None:
    """Let the search look through one kind of thing; a finder returns at most a handful."""
    _finders[label] = finder


def add_warning(look: Callable[[], Warned | None]) -> None:
    """Let the top bar of every page warn; the first that has something to say is shown."""
    _warnings.append(look)


def add_settings_tab(label: str, url_name: str) -> None:
    """Let a page be found under /settings/; the tabs stand in the order in which they were added."""
    _settings.append(SettingsTab(label, url_name))


def settings_tabs() -> list[SettingsTab]:
    """The pages under /settings/, in their order."""
    return list(_settings)


def first_warning() -> Warned | None:
    """The first warning there is."""
    return next((warned for look in _warnings if (warned := look())), None)


def count_for(url_name: str, user: User) -> int | None:
    """What waits for the person there; None when nobody counts it."""
    counter = _counters.get(url_name)
    return counter(user) if counter else None


def find(text: str, user: User) -> list[tuple[str, list[Found]]]:
    """What was found, by kind; kinds with nothing are left out. Fewer than two letters find nothing."""
    if len(text) < 2:
        return []
    groups = [(label, finder(text, user)) for label, finder in _finders.items()]
    return [(label, found) for label, found in groups if found]
