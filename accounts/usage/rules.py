"""What counts as what when events are added up by day."""

# Event names that say that somebody signed in; the usual names of the public client libraries.
SIGN_IN_NAMES = ("Signed In", "Login")
