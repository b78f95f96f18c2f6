"""What counts as what when events are added up by day."""

# Event names that say that somebody signed in; the usual names of the public client libraries.
SIGN_IN_NAMES = ("Signed In", "Login")

# Use that is metered by the call, and words of a customer who is about to leave, as the product sends them.
API_CALL_NAMES = ("API Call", "API Called")
CANCELLATION_NAMES = ("Cancellation Intent",)

# Something of the customer's own was joined to the product.
INTEGRATION_NAMES = ("Integration Connected",)
