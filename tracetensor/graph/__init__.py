"""Types, ops, nodes and graphs; their checker, reference evaluator, text and symbolic builder."""
