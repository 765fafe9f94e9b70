"""Digests: the figures of a period as the pages and reports have them, in one message."""
