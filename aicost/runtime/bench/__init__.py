"""Benchmarks: `registry.BENCHES` names them, `run.run_bench` runs one in a database of its own."""
