"""Tests that need a Docker engine, and skip with a reason where none answers."""
