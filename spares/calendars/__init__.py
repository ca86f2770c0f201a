"""The depots and their days as data: opening hours, holidays, audited overrides."""
