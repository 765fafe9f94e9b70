"""What Prometheus scrapes (docs/metrics.md)."""
