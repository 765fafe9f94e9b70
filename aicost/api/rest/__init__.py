"""REST under /api/v1/ (docs/api.md). One module a resource, all of them in `registry`; what they
share stands in `frame` (who asks, limits, ETag, problems), `given` (parameters) and `once`
(Idempotency-Key). Figures come from attribution.reports, changes go through the functions that the
pages use."""
