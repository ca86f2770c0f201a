"""The `spares` command."""
