"""What a canonical usage row means beyond its cells: requests, successes, latency."""

from ingest.sources.format import Columns

_SUCCESS_WORDS = frozenset({"ok", "success", "succeeded", "successful", "completed", "200"})
# Training and the like run, they are not called.
_CALLED = frozenset({"", "inference"})
_QUANTITIES = (
    "requests",
    "successes",
    "outcomes",
    "attempts",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
    "images",
    "audio_ms",
    "characters",
    "retrieved_chunks",
    "gpu_ms",
    "reported_cost",
)


def finish_usage(columns: Columns) -> dict[int, str]:
    """A row with an id and no `requests` is one call, unless its workload_type is not called; one
    call with a status is its own success or not; `latency_ms` counts `requests` times."""
    _count_calls(columns)
    _fold_latency(columns)
    reasons: dict[int, str] = {}
    told = list(zip(*(columns[name] for name in _QUANTITIES), strict=True))
    for row, quantities in enumerate(told):
        if all(quantity is None for quantity in quantities):
            reasons[row] = "no quantity: give an id, requests, tokens, gpu_seconds or cost"
    for row, cost in enumerate(columns["reported_cost"]):
        if cost is not None and not columns["reported_currency"][row]:
            reasons.setdefault(row, "cost without currency")
    return reasons


def _count_calls(columns: Columns) -> None:
    requests, successes = columns["requests"], columns["successes"]
    rows = zip(columns["event_id"], columns["activity"], columns["status"], strict=True)
    for row, (event_id, activity, status) in enumerate(rows):
        if event_id is not None and requests[row] is None and activity in _CALLED:
            requests[row] = 1
        if status and successes[row] is None and requests[row] == 1:
            successes[row] = int(status.lower() in _SUCCESS_WORDS)


def _fold_latency(columns: Columns) -> None:
    buckets = columns.pop("latency_bucket")
    histograms, requests = columns["latency_histogram"], columns["requests"]
    for row, bucket in enumerate(buckets):
        if bucket is not None and histograms[row] is None:
            times = 1 if requests[row] is None else requests[row]
            histograms[row] = {bucket: times} if times else None
