"""Tests mirror spares/, file for file."""
