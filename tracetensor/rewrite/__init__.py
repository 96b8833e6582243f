"""Graph -> Graph: rules, passes, and the pipeline that applies them in order."""
