"""Closing months: what was reported stays, what comes later is restated
(docs/decisions/0012-closing.md)."""
