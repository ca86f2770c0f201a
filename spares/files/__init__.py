"""Uploaded files: what they may be, and where they are kept."""
