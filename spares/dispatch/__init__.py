"""Getting a part out of the depot by the promised time."""
