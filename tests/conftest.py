"""What every test may ask for: a rightly emptied database, and the named cast."""

pytest_plugins = ["tests.emptying", "tests.fixtures", "tests.audited", "tests.collected"]
