"""Refusals that a person is meant to read: what was wrong, and what to do."""


class DomainError(Exception):
    """Something that makes no sense in the state that things are in. HTTP 409."""

    status = 409


class NotAllowed(DomainError):
    """This person may not do this. HTTP 403."""

    status = 403
