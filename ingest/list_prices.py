"""Public list prices: the snapshot in the installed package genai-prices. No network, no Django.

The package dates its prices, knows context-size tiers (a call beyond a threshold pays the higher
rate whole) and variants for batch, flex and priority. All are USD.
"""

from collections.abc import Mapping
import csv
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the package takes a while to import: read when a price is first asked for
    from genai_prices.types import ModelInfo, Provider, TieredPrices

CURRENCY = "USD"
MILLION, THOUSAND = 1_000_000, 1_000
# Our class -> the package's price and the units it is for. Of one class only: what a class without
# a price of its own costs is for ingest.price_book to say.
_KEYS = {
    "input_tokens": (("input_mtok", MILLION),),
    "cached_input_tokens": (("cache_read_mtok", MILLION),),
    "cache_write_5m_tokens": (("cache_write_5m_mtok", MILLION), ("cache_write_mtok", MILLION)),
    "cache_write_1h_tokens": (("cache_write_1h_mtok", MILLION),),
    "output_tokens": (("output_mtok", MILLION),),
    "reasoning_tokens": (("output_reasoning_mtok", MILLION),),
    "audio_input_tokens": (("input_audio_mtok", MILLION),),
    "audio_output_tokens": (("output_audio_mtok", MILLION),),
    "image_input_tokens": (("input_image_mtok", MILLION),),
    "requests": (("requests_kcount", THOUSAND),),
}
_STANDARD_TIERS = frozenset({"", "standard", "default", "ondemand", "auto", "none", "null"})


@dataclass(frozen=True)
class ListPrice:
    """`unit_price` in USD for one unit; `service_tier` '' when it is the standard rate."""

    unit_price: Decimal
    context_over: int
    service_tier: str
    origin: str


def fold_tier(text: str) -> str:
    """A service tier as prices name it; '' is the standard one."""
    folded = re.sub(r"[\s_-]+", "", text).lower()
    return "" if folded in _STANDARD_TIERS else folded


@lru_cache(maxsize=4096)
def provider_key(name: str) -> str:
    """One key for the names a provider goes by: AWS, bedrock and aws.bedrock are `aws`. A name
    nobody knows stands for itself, in lower case."""
    text = name.strip().lower()
    if not text:
        return ""
    for key, pattern in _provider_names():
        if pattern.search(text):
            return key
    found = _provider(text)
    return found.id if found else text


def list_price(
    provider: str,
    model: str,
    token_class: str,
    at: datetime,
    *,
    service_tier: str = "",
    context_tokens: int = 0,
) -> ListPrice | None:
    """The public price of exactly this class for a call at `at` (aware) whose input has
    `context_tokens` tokens. Without a provider, the maker whose models are named so. None when the
    package knows no such provider, model or class: never a default."""
    found = _find(provider_key(provider), model.strip().lower())
    if found is None:
        return None
    of, known = found
    tier = fold_tier(service_tier)
    standard = known.get_prices(at)
    # A price of another provider's model knows nothing of this provider's tiers.
    own = any(known is one for one in of.models)
    prices = known.get_prices(at, _context(tier)) if tier and own else standard
    for key, units in _KEYS.get(token_class, ()):
        told = getattr(prices, key)
        if told is None:
            continue
        applied = tier if told != getattr(standard, key) else ""
        price, over = _at_context(told, context_tokens)
        return ListPrice(price / units, over, applied, f"{_origin()}: {of.id}/{known.id}")
    return None


def maker_of(model: str) -> str:
    """The provider whose own models are named so; '' where the package knows none."""
    found = _find("", model.strip().lower())
    return found[0].id if found else ""


@cache
def context_thresholds() -> tuple[int, ...]:
    """Every number of input tokens from which some public price differs."""
    from genai_prices.types import TieredPrices

    found = set()
    for provider in _providers():
        for model in provider.models:
            listed = model.prices if isinstance(model.prices, list) else []
            told = [one.prices for one in listed] or [model.prices]
            told += [variant.prices for variant in model.price_variants or ()]
            for prices in told:
                for price in prices.__dict__.values():
                    if isinstance(price, TieredPrices):
                        found.update(tier.start for tier in price.tiers)
    return tuple(sorted(found))


def _origin() -> str:
    from genai_prices import __version__

    return f"genai-prices {__version__}"


def _providers() -> "list[Provider]":
    from genai_prices.data import providers

    return providers


def _provider(name: str) -> "Provider | None":
    from genai_prices.data_snapshot import find_provider_by_id

    return find_provider_by_id(_providers(), name)


@cache
def _provider_names() -> tuple[tuple[str, re.Pattern], ...]:
    with files("ingest.data").joinpath("provider_names.csv").open(encoding="utf-8") as lines:
        return tuple((r["provider"], re.compile(r["pattern"])) for r in csv.DictReader(lines))


@lru_cache(maxsize=65536)
def _find(provider: str, model: str) -> "tuple[Provider, ModelInfo] | None":
    """Gateways write `provider/model`: tried when the name as it stands is not known."""
    if not model:
        return None
    if provider:
        of = _provider(provider)
    else:
        makers = (one for one in _providers() if one.model_match is not None)
        of = next((one for one in makers if one.model_match.is_match(model)), None)
    if of is not None and (known := of.find_model(model, all_providers=_providers())):
        return of, known
    prefix, slash, rest = model.partition("/")
    if not slash or provider not in ("", provider_key(prefix)):
        return None
    return _find(provider_key(prefix), rest)


def _context(tier: str) -> Mapping[str, str]:
    return {"processing": "batch"} if tier == "batch" else {"service_tier": tier, "speed": tier}


def _at_context(price: "Decimal | TieredPrices", tokens: int) -> tuple[Decimal, int]:
    if isinstance(price, Decimal):
        return price, 0
    beyond = [tier for tier in price.tiers if tokens > tier.start]
    return (beyond[-1].price, beyond[-1].start) if beyond else (price.base, 0)
