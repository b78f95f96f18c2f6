"""What allauth asks us about second factors: how their secrets are stored, and what an authenticator app calls us."""

from allauth.mfa.adapter import DefaultMFAAdapter

from loyalty.core.people.models import User
from loyalty.core.sealing import seal, unseal

# Changing this text makes every stored secret unreadable.
PURPOSE = "loyalty: second factors of people"


class UnreadableSecretError(Exception):
    """SECRET_KEY is another one since the secret was stored: no code can be right."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals what is stored."""

    def encrypt(self, text: str) -> str:
        """The secret as it is stored."""
        return seal(text, PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again; raises UnreadableSecretError: an empty one instead would have codes that anybody knows."""
        secret = unseal(encrypted_text, PURPOSE)
        if not secret:
            raise UnreadableSecretError
        return secret

    def get_totp_label(self, user: User) -> str:
        """The name under which an app lists the person's code."""
        return user.username
