"""Tests of labels, label printers and what scanners read."""
