"""What a unit costs: contract before list, our own table before the public list, the most specific
row first. Pure: no Django, no clock, no network; the same question has the same answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from ingest.list_prices import CURRENCY, fold_tier, list_price, maker_of, provider_key

CONTRACT, LAST_BILLED, LIST = BASES = ("contract", "last_billed", "list")
# Disjoint classes of ingest.models.TOKEN_CLASSES and what else can have a price.
INPUT_CLASSES = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "image_input_tokens",
)
OUTPUT_CLASSES = ("output_tokens", "reasoning_tokens", "audio_output_tokens")
UNIT_CLASSES = ("requests", "images", "audio_seconds", "characters", "gpu_seconds")
PRICE_CLASSES = INPUT_CLASSES + OUTPUT_CLASSES + UNIT_CLASSES
# A class that nobody prices for itself is billed as the one it is part of. An hour-long cache write
# is not billed as a short one: see `_parent`.
_PARENTS = {
    "cached_input_tokens": "input_tokens",
    "cache_write_5m_tokens": "input_tokens",
    "cache_write_1h_tokens": "input_tokens",
    "audio_input_tokens": "input_tokens",
    "image_input_tokens": "input_tokens",
    "reasoning_tokens": "output_tokens",
    "audio_output_tokens": "output_tokens",
}


@dataclass(frozen=True)
class Rate:
    """One row of our own table; '' is any. `price` for one unit, or `discount_percent` off list."""

    basis: str
    valid_from: date
    valid_to: date | None = None
    provider: str = ""
    model: str = ""
    token_class: str = ""
    region: str = ""
    service_tier: str = ""
    context_over: int = 0
    price: Decimal | None = None
    discount_percent: Decimal | None = None
    currency: str = ""
    origin: str = ""
    id: int | None = None


@dataclass(frozen=True)
class PriceFound:
    """The price of one unit and why: `basis` contract, last_billed or list; `token_class`,
    `service_tier` and `context_over` are those of the row that applied ('' standard, 0 any)."""

    unit_price: Decimal
    currency: str
    basis: str
    token_class: str
    origin: str
    service_tier: str = ""
    context_over: int = 0
    price_id: int | None = None


@dataclass(frozen=True)
class Asked:
    """One question. `models` are the names of one model, the canonical first."""

    provider: str
    models: tuple[str, ...]
    token_class: str
    at: datetime
    service_tier: str = ""
    region: str = ""
    context_tokens: int = 0
    guess_provider: bool = True

    @property
    def day(self) -> date:
        return self.at.astimezone(UTC).date()


# Finds the rate last billed for exactly the asked class, for estimates.
Billed = Callable[[Asked], PriceFound | None]


@dataclass(frozen=True)
class PriceBook:
    rates: Sequence[Rate] = ()
    _by_model: Mapping[str, list[Rate]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for rate in self.rates:
            self._by_model.setdefault(rate.model.strip().lower(), []).append(rate)

    def price_of(
        self,
        provider: str,
        model: str | tuple[str, ...],
        token_class: str,
        at: datetime,
        *,
        service_tier: str = "",
        region: str = "",
        context_tokens: int = 0,
        guess_provider: bool = True,
        billed: Billed | None = None,
    ) -> PriceFound | None:
        """What one unit of the class costs, or None: unpriced, which is not 0. `at` is aware; the
        day in UTC decides. `context_tokens` is the whole input of one call. Without a provider the
        public list is asked for the maker of the model, unless `guess_provider` is False."""
        models = (model,) if isinstance(model, str) else model
        asked = Asked(
            provider, models, token_class, at, service_tier, region, context_tokens, guess_provider
        )
        for one in self._with_parents(asked):
            found = self._contract(one) or (billed(one) if billed else None) or self.listed(one)
            if found is not None:
                return found
        return None

    def weight_price(self, models: tuple[str, ...], token_class: str, at: datetime, **more):
        """What weighs the tokens of a bill: the list price, without one the contract's."""
        asked = Asked(more.pop("provider", ""), models, token_class, at, **more)
        for one in self._with_parents(asked):
            if found := self.listed(one) or self._contract(one):
                return found
        return None

    def listed(self, asked: Asked) -> PriceFound | None:
        """The list price of exactly this class: our own table, else the public one."""
        for rate in self._matching(asked, LIST):
            if rate.price is not None:
                return _found(rate, rate.price, asked)
        if not asked.provider.strip() and not asked.guess_provider:
            return None
        for model in asked.models:
            public = list_price(
                asked.provider,
                model,
                asked.token_class,
                asked.at,
                service_tier=asked.service_tier,
                context_tokens=asked.context_tokens,
            )
            if public is not None:
                return PriceFound(
                    public.unit_price,
                    CURRENCY,
                    LIST,
                    asked.token_class,
                    public.origin,
                    public.service_tier,
                    public.context_over,
                )
        return None

    def thresholds(self) -> set[int]:
        return {rate.context_over for rate in self.rates if rate.context_over}

    def _with_parents(self, asked: Asked) -> Iterator[Asked]:
        yield asked
        parent = self._parent(asked)
        if parent:
            yield replace(asked, token_class=parent)

    def _parent(self, asked: Asked) -> str | None:
        """A 1 h cache write without a price of its own is unpriced where short ones have one: it
        costs more than they do."""
        if asked.token_class == "cache_write_1h_tokens":
            short = replace(asked, token_class="cache_write_5m_tokens")
            if self._contract(short) or self.listed(short):
                return None
        return _PARENTS.get(asked.token_class)

    def _contract(self, asked: Asked) -> PriceFound | None:
        for rate in self._matching(asked, CONTRACT):
            if rate.price is not None:
                return _found(rate, rate.price, asked)
            base = self.listed(asked)
            if base is not None and rate.discount_percent is not None:
                share = (100 - rate.discount_percent) / 100
                told = f"{rate.discount_percent.normalize():f} % off {base.origin or base.basis}"
                return replace(
                    base,
                    unit_price=base.unit_price * share,
                    basis=CONTRACT,
                    origin=f"{rate.origin}: {told}" if rate.origin else told,
                    price_id=rate.id,
                )
        return None

    def _matching(self, asked: Asked, basis: str) -> list[Rate]:
        """The rows that hold, the most specific first. Calls that name no provider take a row of
        any, as long as the rows do not name several."""
        wanted = provider_key(asked.provider)
        rows = [
            rate
            for rate in self._named(asked.models)
            if rate.basis == basis and _holds(rate, asked) and (wanted or _theirs(rate, asked))
        ]
        keys = {key for rate in rows if (key := provider_key(rate.provider))}
        if not wanted and len(keys) > 1:
            rows = [rate for rate in rows if not rate.provider.strip()]
        elif wanted:
            rows = [rate for rate in rows if provider_key(rate.provider) in ("", wanted)]
        return sorted(rows, key=_specific, reverse=True)

    def _named(self, models: Iterable[str]) -> Iterator[Rate]:
        names = dict.fromkeys(model.strip().lower() for model in models)
        for name in (*names, ""):
            yield from self._by_model.get(name, ())


def _holds(rate: Rate, asked: Asked) -> bool:
    return (
        rate.valid_from <= asked.day
        and (rate.valid_to is None or asked.day < rate.valid_to)
        and rate.token_class in ("", asked.token_class)
        and rate.region.strip().lower() in ("", asked.region.strip().lower())
        and fold_tier(rate.service_tier) in ("", fold_tier(asked.service_tier))
        and (not rate.context_over or asked.context_tokens > rate.context_over)
    )


def _theirs(rate: Rate, asked: Asked) -> bool:
    """Whether a row may hold for calls without a provider: one on all models of a provider holds
    for those the provider makes, and for nobody else's."""
    if rate.model.strip() or not rate.provider.strip():
        return True
    makers = {maker_of(model) for model in asked.models} if asked.guess_provider else set()
    return provider_key(rate.provider) in makers


def _specific(rate: Rate) -> tuple:
    given = (rate.model, rate.provider, rate.token_class, rate.service_tier, rate.region)
    named = tuple(bool(text.strip()) for text in given)
    return *named, rate.context_over, rate.price is not None, rate.valid_from, -(rate.id or 0)


def _found(rate: Rate, price: Decimal, asked: Asked) -> PriceFound:
    return PriceFound(
        price,
        rate.currency,
        rate.basis,
        asked.token_class,
        rate.origin or f"price {rate.id}" if rate.id else rate.origin,
        fold_tier(rate.service_tier),
        rate.context_over,
        rate.id,
    )
