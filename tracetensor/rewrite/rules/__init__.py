"""Lists of rules, a subject a file; the pipeline names those that it uses."""
