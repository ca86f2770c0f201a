"""Spreadsheets in and out, bounded and safe."""
