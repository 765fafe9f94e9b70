"""The streams of calls: who calls which model version, how often, with how many tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from aicost.runtime.demo import company as c
from aicost.runtime.demo.story import Story

NIGHTLY_HOURS = 7


@dataclass(frozen=True)
class Stream:
    """Hourly calls of one feature to one model version, spread over the storefronts.

    `calls_a_day` is a value a month, interpolated; `share(day)` the part of them this version
    takes. `latency_ms` is the median. Tokens are per call, a value a month each.
    """

    feature: str
    model: str
    team: str
    calls_a_day: Sequence[float]
    latency_ms: float
    share: Callable[[date], float] = lambda day: 1.0
    version: str = ""
    workload: str = ""
    experiment: str = ""
    provider: str = ""
    serving_mode: str = "real-time"
    weekend: float = 0.85
    nightly: bool = False
    success: float = 0.999
    input_tokens: Sequence[float] = ()
    output_tokens: Sequence[float] = ()
    cached: float = 0.0
    system_prompt_tokens: int = 0

    @property
    def name(self) -> str:
        return "/".join((self.feature, self.model, self.version, self.workload))


def _between(first: date | None, end: date | None, share: float) -> Callable[[date], float]:
    def of_day(day: date) -> float:
        inside = (first is None or day >= first) and (end is None or day < end)
        return share if inside else 0.0

    return of_day


def _steps(*steps: tuple[date, float]) -> Callable[[date], float]:
    """Zero before the first step; from each date on its share."""

    def of_day(day: date) -> float:
        share = 0.0
        for since, value in steps:
            if day >= since:
                share = value
        return share

    return of_day


RANK_CALLS = (2.4e6, 2.6e6, 8.6e6, 10.1e6, 11.3e6, 12.5e6)


def _ranking(story: Story) -> list[Stream]:
    """Hourly scores until the switch to five minutes; then an A/B test of three variants."""
    start, five, ab = story.months[0], story.five_minute_inference, story.ab_test
    win, decision = story.rollout, story.decision

    def rank(version: str, workload: str, share, latency: float, experiment: str = "") -> Stream:
        return Stream(
            c.RECOMMENDATIONS,
            "rank-v3",
            "relevance",
            RANK_CALLS,
            latency,
            share,
            version,
            workload,
            experiment,
            success=0.9995,
        )

    arms = [
        rank("v3.1", "rank-ab-a", _steps((ab, 0.15), (win, 0.08)), 13, "ab-rank-a"),
        rank("v3.2", "rank-ab-b", _steps((ab, 0.15), (win, 0.06), (decision, 0)), 21, "ab-rank-b"),
        rank("v3.3", "rank-ab-c", _steps((ab, 0.15), (win, 0.26)), 12, "ab-rank-c"),
    ]
    return [
        rank("v2.8-small", "rank-serve", _between(start, five, 1.0), 9),
        rank("v2.9", "rank-serve", _steps((five, 1.0), (ab, 0.55), (win, 0.0)), 11),
        rank("v3.3", "rank-serve", _steps((win, 0.60), (decision, 0.66)), 12),
        *arms,
    ]


def _embeddings() -> list[Stream]:
    """One embedding model serves three features: its cost follows their calls."""
    wanted = (
        (c.SEARCH, "search", (2.0e6, 2.1e6, 2.2e6, 2.3e6, 2.4e6, 2.5e6)),
        (c.RECOMMENDATIONS, "relevance", (0.9e6, 1.0e6, 1.4e6, 1.5e6, 1.6e6, 1.7e6)),
        (c.CATALOGUE, "catalogue", (30e3, 31e3, 32e3, 33e3, 34e3, 36e3)),
    )
    return [
        Stream(feature, "item-embed", team, calls, 4, version="v1", workload="embed-serve")
        for feature, team, calls in wanted
    ]


def _hosted(story: Story) -> list[Stream]:
    second = _steps((story.second_model, 1.0))
    personal, search = (0, 3.6e6, 4.3e6, 4.9e6, 5.5e6, 6.1e6), (11e6, 12e6, 12.6e6, 13.6e6, 14e6)
    return [
        Stream(
            c.PERSONALISATION,
            "persona-v1",
            "personalisation",
            personal,
            24,
            second,
            "v1.4",
            "persona-serve",
        ),
        Stream(
            c.SEARCH,
            "search-rank",
            "search",
            (*search, 15.1e6),
            7,
            version="v5",
            workload="search-serve",
        ),
        Stream(
            c.FRAUD,
            "fraud-net",
            "fraud",
            (2.2e6, 2.3e6, 2.5e6, 2.6e6, 2.7e6, 2.8e6),
            6,
            version="2026-03",
            workload="fraud-serve",
            weekend=0.95,
        ),
        Stream(
            c.CATALOGUE,
            "tagger",
            "catalogue",
            (26e3, 27e3, 29e3, 31e3, 32e3, 34e3),
            180,
            version="v2",
            workload="tag-batch",
            serving_mode="batch",
            nightly=True,
        ),
    ]


def _managed() -> list[Stream]:
    """The managed API. From month to month more of the order history goes into each prompt."""
    return [
        Stream(
            c.SUPPORT,
            c.LARGE,
            "support",
            (7000, 7600, 8200, 8900, 9600, 10200),
            2600,
            version="2026-04",
            provider=c.LLM_ISSUER,
            serving_mode="serverless",
            weekend=0.6,
            success=0.93,
            input_tokens=(2140, 2600, 3400, 4400, 5600, 6870),
            output_tokens=(410, 415, 420, 420, 425, 420),
            cached=0.08,
            system_prompt_tokens=640,
        ),
        Stream(
            c.CATALOGUE,
            c.MINI,
            "catalogue",
            (19e3, 20e3, 22e3, 23e3, 24e3, 25e3),
            900,
            version="2026-01",
            provider=c.LLM_ISSUER,
            serving_mode="batch",
            nightly=True,
            input_tokens=(880, 880, 890, 900, 900, 900),
            output_tokens=(118, 118, 120, 120, 120, 120),
        ),
    ]


def streams(story: Story) -> list[Stream]:
    return [*_ranking(story), *_embeddings(), *_hosted(story), *_managed()]
