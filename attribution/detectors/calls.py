"""Calls that are paid for without use: billed ones that no log knows, retries, growing prompts.

Facts `unmetered_days` (a row per day and model: cost, unmetered cost), `retry_weeks` (a row per
model: requests, retries and their cost, of a week and of the four before) and `prompt_weeks` (a row
per feature and week: requests, input tokens, tokens and their cost)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text

ZERO, CENT = Decimal(0), Decimal("0.01")


@dataclass(frozen=True)
class UnmeteredSettings:
    share: float = setting(0.002, "part of a model's bill that no log knows", low=0.02, high=0.001)
    cost: float = setting(20, "money it is in four weeks", low=100, high=10)


@dataclass(frozen=True)
class RetrySettings:
    share: float = setting(0.1, "retries a call", low=0.2, high=0.05)
    times: float = setting(2, "times the retries a call of the four weeks before")
    cost: float = setting(50, "money the retries of the week cost", low=150, high=20)


@dataclass(frozen=True)
class InputSettings:
    rise: float = setting(
        0.25, "part by which input a call grew in twelve weeks", low=0.5, high=0.15
    )
    cost: float = setting(100, "money the longer input cost in four weeks", low=300, high=30)
    weeks: int = setting(12, "weeks looked back")
    recent: int = setting(4, "weeks it is compared with")


def unmetered(rows: list[Mapping], settings: UnmeteredSettings) -> Iterator[Noticed]:
    """Models of which the bill knows more tokens than all logs."""
    by_model: dict[tuple, dict] = defaultdict(dict)
    for row in rows:
        by_model[row["model"], row["currency"]][row["period"]] = (row["cost"], row["unmetered"])
    for (model, currency), days in by_model.items():
        last = max(days)
        recent = [days[day] for day in days if day > last - timedelta(days=28)]
        cost, missing = (sum((one[k] for one in recent), ZERO) for k in (0, 1))
        if missing < settings.cost or missing < cost * Decimal(str(settings.share)):
            continue
        onset = min(day for day, (_, unknown) in days.items() if unknown > 0)
        actual = sum((unknown for _, unknown in days.values()), ZERO)
        yield Noticed(
            "model", model, currency, "unmetered", onset, last, last, ZERO, actual,
            f"{model} bills calls that no log knows since {day_text(onset)}:"
            f" {money_text(actual, currency)}",
            f"A model is told of whose bill holds {settings.share:.1%} or more that no log knows,"
            f" {settings.cost:g} or more in four weeks: retries, or calls past the log.",
        )  # fmt: skip


def retries(rows: list[Mapping], settings: RetrySettings) -> Iterator[Noticed]:
    """Models whose calls are tried again far more often than before."""
    for row in rows:
        if not row["requests"] or not row["retries"] or row["retries_cost"] is None:
            continue
        share = Decimal(row["retries"]) / row["requests"]
        before = Decimal(row["retries_before"] or 0) / (row["requests_before"] or 1)
        stormy = share >= Decimal(str(settings.share)) and share >= before * Decimal(
            str(settings.times)
        )
        if not stormy or row["retries_cost"] < settings.cost:
            continue
        usual = (row["retries_cost"] * before / share).quantize(CENT)
        yield Noticed(
            "model", row["model"], row["currency"], "retry_storm", row["onset"], row["last"],
            row["last"], usual, row["retries_cost"],
            f"{row['model']}: {share:.0%} of its calls are retries, {before:.0%} before;"
            f" {money_text(row['retries_cost'], row['currency'])} in a week",
            f"A retry storm is told when a call is tried again {settings.share:.0%} of the time,"
            f" {settings.times:g} times as often as before, for {settings.cost:g} or more a week.",
        )  # fmt: skip


def longer_inputs(rows: list[Mapping], settings: InputSettings) -> Iterator[Noticed]:
    """Features whose calls read more and more; a longer answer is not looked at."""
    by_feature: dict[tuple, list[Mapping]] = defaultdict(list)
    for row in rows:
        if row["requests"] and row["input_tokens"] and row["cost"] is not None:
            by_feature[row["feature"], row["currency"]].append(row)
    for (feature, currency), weeks in by_feature.items():
        weeks.sort(key=lambda row: row["period"])
        weeks = weeks[-settings.weeks :]
        old, new = weeks[: settings.recent], weeks[-settings.recent :]
        if len(weeks) < 2 * settings.recent:
            continue
        was, now = _each(old), _each(new)
        cost = sum((row["cost"] for row in new), ZERO)
        tokens = sum(row["tokens"] or row["input_tokens"] for row in new)
        longer = (now - was) * sum(row["requests"] for row in new)
        more = (cost * longer / tokens).quantize(CENT)
        if now < was * (1 + Decimal(str(settings.rise))) or more < settings.cost:
            continue
        onset, last = new[0]["period"], new[-1]["last"]
        yield Noticed(
            "feature", feature, currency, "longer_input", onset, last, last, cost - more, cost,
            f"{feature} reads {now:,.0f} tokens a call, {was:,.0f} some weeks ago:"
            f" {money_text(more, currency)} more in four weeks",
            f"Input is told of that grew by {settings.rise:.0%} or more a call within"
            f" {settings.weeks} weeks and cost {settings.cost:g} or more in"
            f" {settings.recent} weeks, at what a token costs on average.",
        )  # fmt: skip


def _each(rows: list[Mapping]) -> Decimal:
    return Decimal(sum(r["input_tokens"] for r in rows)) / sum(r["requests"] for r in rows)


UNMETERED = Detector(
    "unmetered", "Billed calls that no log knows", "facts", UnmeteredSettings, unmetered,
    facts="unmetered_days",
)  # fmt: skip
RETRY_STORM = Detector(
    "retry_storm", "Calls that are tried again and again", "facts", RetrySettings, retries,
    facts="retry_weeks",
)  # fmt: skip
LONGER_INPUT = Detector(
    "longer_input", "Prompts that get longer and longer", "facts", InputSettings, longer_inputs,
    facts="prompt_weeks",
)  # fmt: skip
