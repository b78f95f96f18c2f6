"""Breakage, worked out: allocation, recognition, redemption curves, and when any may be assumed at all."""
