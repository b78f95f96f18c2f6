"""Measurements. Both sides of each ratio are measured in one run: `python -m tests.benchmarks [NAME…]`."""
