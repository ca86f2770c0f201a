"""The one-page spare request."""
