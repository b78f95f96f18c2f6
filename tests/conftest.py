"""What every test may ask for: the named cast (`tests/fixtures.py`)."""

pytest_plugins = ["tests.fixtures"]
