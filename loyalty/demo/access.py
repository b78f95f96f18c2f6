"""What the demo hands to the person who started it: sign-ins and keys."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DemoAccess:
    """Sign-ins and keys of the demo company, all of them secrets.

    `users`: function, username, password, name; first one of each function and
    the administrator, then a colleague of each function. `sources`: kind, id, key.
    """

    users: list[dict[str, str]] = field(default_factory=list)
    sources: list[dict[str, str]] = field(default_factory=list)

    def password_of(self, username: str) -> str | None:
        """The password of a person, if known."""
        return next((user["password"] for user in self.users if user["username"] == username), None)
