"""An invented company and its depot, to try the product with."""
