"""Look all figures up, keep them for a while, and write them as Prometheus reads them."""

from collections.abc import Iterator
from decimal import Decimal
import hashlib
import threading
import time

from django.conf import settings
from django.core.cache import cache
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from aicost.kernel.periods import utc_now, utc_today
from aicost.metrics import costs, service, trust
from aicost.metrics.costs import Scrape
from aicost.metrics.families import FAMILIES, Family, Sample
from attribution.once import steady
from attribution.reports.spec import Asker

COLLECTORS = (
    costs.costs,
    costs.unit_costs,
    costs.budgets,
    trust.sources,
    trust.residuals,
    trust.alerts,
    service.jobs,
    service.service,
    service.build,
)
INFO = "_info"
_one_at_a_time = threading.Lock()


def text_for(asker: Asker, accept: str) -> tuple[bytes, str]:
    """(body, content type): OpenMetrics for who accepts it, else the older text format."""
    encode, content_type = choose_encoder(accept)
    return encode(_Once(samples_for(asker))), content_type


def samples_for(asker: Asker) -> tuple[Sample, ...]:
    """Kept AICOST_METRICS_SECONDS in this process, per role and teams, so that several servers
    may scrape as often as they like."""
    key = f"aicost.metrics.{hashlib.sha256(repr(asker).encode()).hexdigest()}"
    with _one_at_a_time:
        held = cache.get(key)
        if held is None:
            held = tuple(_collected(asker))
            cache.set(key, held, settings.AICOST_METRICS_SECONDS)
        return held


def _collected(asker: Asker) -> Iterator[Sample]:
    began = time.monotonic()
    scrape = Scrape(asker, utc_today(), settings.AICOST_METRICS_TOP)
    with steady({}):
        for collector in COLLECTORS:
            yield from collector(scrape)
    yield Sample("aicost_metrics_collected_timestamp_seconds", (), int(utc_now().timestamp()))
    took = round((time.monotonic() - began) * 1000)
    yield Sample("aicost_metrics_collect_duration_seconds", (), Decimal(took) / 1000)


class _Once(Collector):
    """The samples by family, in the order of FAMILIES; a family without samples is left out."""

    def __init__(self, samples: tuple[Sample, ...]) -> None:
        self.by_name: dict[str, list[Sample]] = {}
        for sample in samples:
            self.by_name.setdefault(sample.name, []).append(sample)

    def collect(self) -> Iterator[GaugeMetricFamily | InfoMetricFamily]:
        now = utc_now().timestamp()
        for family in FAMILIES:
            if samples := self.by_name.get(family.name):
                yield _metric(family, samples, now)


def _metric(
    family: Family, samples: list[Sample], now: float
) -> GaugeMetricFamily | InfoMetricFamily:
    if family.name.endswith(INFO):
        told = dict(zip(family.labels, samples[0].labels, strict=True))
        return InfoMetricFamily(family.name.removesuffix(INFO), family.help, value=told)
    metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    for sample in samples:
        value = max(now - sample.value, 0) if family.ages else sample.value
        metric.add_metric(sample.labels, value)
    return metric
