"""Python function -> Graph: an interpreter of the function's syntax tree over traced values.

source: finds the syntax tree of a function, and the liveness of its locals. values: traced arrays, scalars,
unions and lists. state: regions (graphs under construction) and the log of what a region changed. merge: what
two branches, or two steps of a loop, made of the same place. arrays: reading and writing through views.
interpreter: statements and expressions. control: if, for and while. calls and builtin: what a call becomes.
trace: a whole function, with its arguments, guards and results.
"""
