"""How often a token may ask: so many calls a minute, per process of the web server."""

from collections import OrderedDict
from threading import Lock
import time

CALLS_PER_MINUTE, BURST = 120, 60
TOKENS_KEPT_MAX = 10_000


class Buckets:
    """A bucket a key that fills by `per_minute` up to `burst`."""

    def __init__(self, per_minute: int = CALLS_PER_MINUTE, burst: int = BURST) -> None:
        self.per_second, self.burst = per_minute / 60, burst
        self._kept: OrderedDict[object, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, key: object, now: float | None = None) -> int:
        """0 and one call is taken, or how many seconds until there is one."""
        now = time.monotonic() if now is None else now
        with self._lock:
            left, at = self._kept.pop(key, (float(self.burst), now))
            left = min(self.burst, left + (now - at) * self.per_second)
            taken = left >= 1
            self._kept[key] = (left - 1 if taken else left, now)
            while len(self._kept) > TOKENS_KEPT_MAX:
                self._kept.popitem(last=False)
        return 0 if taken else max(1, round((1 - left) / self.per_second))
