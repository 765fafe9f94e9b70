"""What people say of targets: who owns them, what stands above them, what else they are called.
Nothing here moves money in the ledger; reports read it beside the ledger."""
