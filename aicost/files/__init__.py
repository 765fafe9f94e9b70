"""Daily files of the ledger, in a folder or a bucket (docs/files.md)."""
