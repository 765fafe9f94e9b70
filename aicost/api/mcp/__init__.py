"""MCP: the ledger for language models, over stdio and HTTP (docs/mcp.md).

A tool asks reports and says what they answered; it computes no money of its own.
"""
