"""What finance needs beside the ledger: read when reports are made, never written into it."""
