"""OTLP: requests decoded and stripped (pure), kept until a worker folds them into the ledger."""
