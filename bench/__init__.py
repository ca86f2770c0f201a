"""Measurements. Each module's `run()` gives ratios taken in one run on one machine, after checking equal answers."""
