"""Tests of the accounts slice."""
