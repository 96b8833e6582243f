"""Derivatives: forward mode by a rule per op, reverse mode by transposing what forward mode made (see forward.py)."""
