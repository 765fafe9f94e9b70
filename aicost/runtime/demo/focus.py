"""Two bills in FOCUS 1.2: the managed model API, and the untagged account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
import json
from pathlib import Path

from aicost.kernel.money import plain
from aicost.kernel.periods import month_start, next_month
from aicost.runtime.demo import company as c
from aicost.runtime.demo import files
from aicost.runtime.demo.calls import Calls
from aicost.runtime.demo.services import Item, untagged_items
from aicost.runtime.demo.story import Story, day_number

_COLUMNS = """
AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingAccountType
BillingCurrency BillingPeriodEnd BillingPeriodStart CapacityReservationId
CapacityReservationStatus ChargeCategory ChargeClass ChargeDescription ChargeFrequency
ChargePeriodEnd ChargePeriodStart CommitmentDiscountCategory CommitmentDiscountId
CommitmentDiscountName CommitmentDiscountQuantity CommitmentDiscountStatus
CommitmentDiscountType CommitmentDiscountUnit ConsumedQuantity ConsumedUnit ContractedCost
ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName ListCost ListUnitPrice
PricingCategory PricingCurrency PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost
PricingCurrencyListUnitPrice PricingQuantity PricingUnit ProviderName PublisherName RegionId
RegionName ResourceId ResourceName ResourceType ServiceCategory ServiceName ServiceSubcategory
SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId SubAccountName SubAccountType Tags
"""
COLUMNS = tuple(_COLUMNS.split())
LLM_SOURCE, UNTAGGED_SOURCE = "sagebrook", "account-4471"
CORRECTION = Decimal("-180")
# Two of the bought company's things say by their names what they serve; its machines do not.
UNTAGGED_NAMES = {
    "vol-09a3": "atelier-personalisation-vectors",
    "nat-05c7": "atelier-catalogue-tagging-nat",
}
_RETRIES_PER_MILLE = 4  # input tokens of retries that no log of the company knows


@dataclass(frozen=True)
class TokenCharge:
    """Tokens of one class of one model on one day. `metered` is what the calls know of them."""

    day: date
    model: str
    token_class: str
    tokens: int
    metered: int

    @property
    def price(self) -> Decimal:
        return c.LLM_PRICES[self.model, self.token_class]

    @property
    def cost(self) -> Decimal:
        return self.tokens * self.price


def token_charges(story: Story, simulated: Sequence[Calls]) -> list[TokenCharge]:
    """What the API bills, from the calls: the same tokens, and some retries."""
    charges = []
    for calls in (calls for calls in simulated if calls.stream.provider):
        for token_class, values in (
            ("input", calls.input_tokens),
            ("cached input", calls.cached_tokens),
            ("output", calls.output_tokens),
        ):
            if values is None:
                continue
            by_day = calls.tokens_by_day(values)
            for day in story.days:
                metered = by_day.get(day_number(day), 0)
                extra = 0
                if token_class == "input" and calls.stream.model == c.LARGE:
                    extra = metered * _RETRIES_PER_MILLE // 1000
                charges.append(
                    TokenCharge(day, calls.stream.model, token_class, metered + extra, metered)
                )
    return sorted(charges, key=lambda each: (each.day, each.model, each.token_class))


def correction_day(story: Story) -> date | None:
    """A refund for this day of the fourth month comes with the bill of the fifth."""
    day = story.day_of_month(3, 15)
    return day if day >= story.first else None


def _instant(day: date) -> str:
    return f"{day:%Y-%m-%d}T00:00:00Z"


def _base(day: date, period: date, cost: Decimal) -> dict[str, str]:
    money = plain(cost)
    return {
        "BillingPeriodStart": _instant(period),
        "BillingPeriodEnd": _instant(next_month(period)),
        "ChargePeriodStart": _instant(day),
        "ChargePeriodEnd": _instant(day + timedelta(days=1)),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "BillingCurrency": c.CURRENCY,
        "PricingCurrency": c.CURRENCY,
        "PricingCategory": "Standard",
        "BilledCost": money,
        "EffectiveCost": money,
        "ListCost": money,
        "ContractedCost": money,
    }


def _token_row(story: Story, charge: TokenCharge) -> dict[str, str]:
    period = month_start(charge.day)
    a_million = plain(charge.price * 1_000_000)
    meter = f"{charge.model} {charge.token_class} tokens"
    direction = "output" if charge.token_class == "output" else "input"
    details = {"ModelId": charge.model, "ModelDeveloper": c.LLM_ISSUER}
    details["TokenDirection"] = direction
    if charge.token_class == "cached input":
        details["TokenCacheAction"] = "read"
    return (
        _base(charge.day, period, charge.cost)
        | _llm(story, period)
        | {
            "ChargeDescription": f"{meter} at ${a_million} per 1M",
            "ConsumedQuantity": str(charge.tokens),
            "ConsumedUnit": "Tokens",
            "PricingQuantity": plain(Decimal(charge.tokens) / 1_000_000),
            "PricingUnit": "1M Tokens",
            "ListUnitPrice": a_million,
            "ContractedUnitPrice": a_million,
            "SkuId": meter.replace(" ", "-"),
            "SkuPriceId": f"{meter.replace(' ', '-')}-standard",
            "SkuMeter": meter,
            "SkuPriceDetails": json.dumps(details),
        }
    )


def _llm(story: Story, period: date) -> dict[str, str]:
    closed = period < story.months[-1]
    return {
        "BillingAccountId": c.LLM_ACCOUNT,
        "BillingAccountName": c.NAME,
        "BillingAccountType": "Organization",
        "InvoiceId": f"SB-{period:%Y%m}-7731" if closed else "",
        "InvoiceIssuerName": c.LLM_ISSUER,
        "ProviderName": c.LLM_ISSUER,
        "PublisherName": c.LLM_ISSUER,
        "RegionId": c.REGION,
        "RegionName": "US East",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": "Sagebrook API",
        "SubAccountId": "ws-commerce",
        "SubAccountName": "Commerce workspace",
        "SubAccountType": "Workspace",
        "Tags": "{}",
    }


def _correction_row(story: Story, day: date) -> dict[str, str]:
    period = story.months[4]
    meter = f"{c.LARGE} output tokens"
    return (
        _base(day, period, CORRECTION)
        | _llm(story, period)
        | {
            "ChargeClass": "Correction",
            "ChargeDescription": "Refund for failed responses",
            "SkuId": meter.replace(" ", "-"),
            "SkuMeter": meter,
            "SkuPriceDetails": json.dumps({"ModelId": c.LARGE, "TokenDirection": "output"}),
        }
    )


def late_tokens(story: Story, charge: TokenCharge) -> TokenCharge:
    """The first bill of the restated month knew only half of the output of its last three days."""
    end = next_month(story.restated_month)
    if charge.token_class != "output" or not end - timedelta(days=3) <= charge.day < end:
        return charge
    return TokenCharge(charge.day, charge.model, "output", charge.tokens // 2, charge.metered)


def write_llm(story: Story, folder: Path, charges: Sequence[TokenCharge]) -> int:
    """bills/llm/*.csv, a file a month as first delivered, and bills/llm-restated/ with the later
    bill of one month. Returns the rows of all files."""
    rows = 0
    refund = correction_day(story)
    for month, group in groupby(charges, key=lambda each: month_start(each.day)):
        of_month = list(group)
        extra = [_correction_row(story, refund)] if refund and month == story.months[4] else []
        final = [_token_row(story, charge) for charge in of_month] + extra
        first = final
        if month == story.restated_month:
            first = [_token_row(story, late_tokens(story, each)) for each in of_month] + extra
            name = f"sagebrook_focus_{month:%Y-%m}_restated.csv"
            rows += _write(files.made(folder, "bills", "llm-restated") / name, final)
        name = f"sagebrook_focus_{month:%Y-%m}.csv"
        rows += _write(files.made(folder, "bills", "llm") / name, first)
    return rows


def _untagged_row(item: Item) -> dict[str, str]:
    category = "Networking" if item.operation == "NatGateway" else "Compute"
    period = month_start(item.day)
    return _base(item.day, period, item.cost) | {
        "BillingAccountId": c.UNTAGGED_ACCOUNT,
        "BillingAccountName": "Atelier Nord",
        "ChargeDescription": f"${plain(item.rate)} per {item.unit} {item.usage_type}",
        "ConsumedQuantity": plain(item.amount),
        "ConsumedUnit": "Hours" if item.unit == "Hrs" else item.unit,
        "PricingQuantity": plain(item.amount),
        "PricingUnit": "Hours" if item.unit == "Hrs" else item.unit,
        "ListUnitPrice": plain(item.rate),
        "ContractedUnitPrice": plain(item.rate),
        "InvoiceId": f"AN-{period:%Y%m}",
        "InvoiceIssuerName": "Amazon Web Services, Inc.",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "RegionId": "eu-north-1",
        "RegionName": "Europe (Stockholm)",
        "ResourceId": item.resource,
        "ResourceName": UNTAGGED_NAMES.get(item.resource, ""),
        "ServiceCategory": category,
        "ServiceName": item.name,
        "SkuId": item.usage_type,
        "SkuPriceId": f"{item.usage_type}.standard",
        "SubAccountId": c.UNTAGGED_ACCOUNT,
        "SubAccountName": "Atelier Nord",
    }


def write_untagged(story: Story, folder: Path) -> int:
    rows = 0
    for month in story.written_months:
        days = [day for day in story.days if month_start(day) == month]
        items = [_untagged_row(item) for day in days for item in untagged_items(story, day)]
        path = files.made(folder, "bills", "account-4471") / f"aws_focus_{month:%Y-%m}.csv"
        rows += _write(path, items)
    return rows


def _write(path: Path, rows: Iterable[dict[str, str]]) -> int:
    lines = [[row.get(column, "") for column in COLUMNS] for row in rows]
    files.write_csv(path, COLUMNS, lines)
    return len(lines)
