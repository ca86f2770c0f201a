"""Tests of the shared PDF kit."""
