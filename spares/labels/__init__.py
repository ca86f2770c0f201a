"""Labels on units, bins and cartons, the printers that print them, and what scanners read back from codes."""
