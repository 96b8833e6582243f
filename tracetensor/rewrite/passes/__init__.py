"""Passes: Graph -> Graph functions that look at a whole graph at once."""
