"""Engines that sum a bill by the reader's own expression, into files that `aggregated_charges`
loads: DuckDB here, Spark here or on a cluster (docs/scaling.md). BigQuery is a connector."""
