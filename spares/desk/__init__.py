"""Each person's first screen, and the box that takes any scan."""
