"""What the cost reports of model API providers have in common as rows of FOCUS."""

from datetime import datetime
import json

from ingest.sources.bucket_lines import BucketLine


def common_row(provider: str, line: BucketLine, place: object) -> dict[str, str]:
    """The columns that say whose charge it is; a project or workspace is the sub account, and a
    tag of the dimension it stands for."""
    name = line.place(place)
    return {
        "ProviderName": provider,
        "PublisherName": provider,
        "InvoiceIssuerName": provider,
        "BillingAccountId": line.organization,
        "SubAccountId": str(place or ""),
        "SubAccountName": name,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "PricingCategory": "Standard",
        "Tags": json.dumps({line.place_is: name} if line.place_is and name else {}),
    }


def billing_period(start: datetime) -> str:
    """The month a day is billed in."""
    return f"{start:%Y-%m}-01T00:00:00+00:00"
