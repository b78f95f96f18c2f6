"""Where customers are: country, share of customers in per cent, time zones."""

import numpy as np

COUNTRIES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("US", 42, ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")),
    ("GB", 11, ("Europe/London",)),
    ("DE", 7, ("Europe/Berlin",)),
    ("CA", 6, ("America/Toronto", "America/Vancouver")),
    ("FR", 4, ("Europe/Paris",)),
    ("NL", 4, ("Europe/Amsterdam",)),
    ("AU", 4, ("Australia/Sydney", "Australia/Perth")),
    ("SE", 3, ("Europe/Stockholm",)),
    ("IE", 2, ("Europe/Dublin",)),
    ("ES", 2, ("Europe/Madrid",)),
    ("IT", 2, ("Europe/Rome",)),
    ("PL", 2, ("Europe/Warsaw",)),
    ("IN", 3, ("Asia/Kolkata",)),
    ("SG", 2, ("Asia/Singapore",)),
    ("JP", 1, ("Asia/Tokyo",)),
    ("BR", 2, ("America/Sao_Paulo",)),
    ("MX", 1, ("America/Mexico_City",)),
    ("ZA", 1, ("Africa/Johannesburg",)),
    ("KE", 1, ("Africa/Nairobi",)),
)
RIGHT_TO_LEFT_HOME = ("AE", "Asia/Dubai")


def place(rng: np.random.Generator) -> tuple[str, str]:
    """A country (ISO 3166) and one of its time zones (IANA)."""
    shares = np.array([share for _, share, _ in COUNTRIES], dtype=float)
    country, _, zones = COUNTRIES[int(rng.choice(len(COUNTRIES), p=shares / shares.sum()))]
    return country, str(rng.choice(zones))
