"""What finance and managers read: overdue returns, promises kept and missed."""
