"""AI that our words do not know: it stands on the ledger, and here it is named with its money."""

from attribution.classify import gpus_by_instance_type, is_ai
from attribution.reports.base import Report, binds, fetch
from attribution.reports.spec import Spec

COLUMNS = (
    "name", "service", "reason", "instance_type", "unit", "currency", "cost", "first_day",
    "last_day",
)  # fmt: skip
_NO_MODEL = "no model is seen in the meter: add it to ai_meters.csv, or a rule that names it"
_NO_GPUS = "how many GPUs it has is not known: add it to gpu_instance_types.csv"


def unclassified_rows(spec: Spec) -> list[dict]:
    """Usage of AI without a model, and instances of a GPU family without a number of GPUs, by
    meter; the dearest first."""
    found: dict[tuple, dict] = {}
    for row in fetch("unclassified_ai", binds(spec)):
        reason = _reason(row)
        if not reason:
            continue
        name = row["sku_meter"] or row["charge_description"] or row["service_name"]
        key = (name, row["service_name"], reason, row["instance_type"], row["billing_currency"])
        known = found.setdefault(
            key,
            dict(zip(("name", "service", "reason", "instance_type", "currency"), key, strict=True))
            | {
                "unit": row["consumed_unit"] or row["pricing_unit"], "cost": 0,
                "first_day": row["first_day"], "last_day": row["last_day"],
            },
        )  # fmt: skip
        known["cost"] += row["cost"]
        known["first_day"] = min(known["first_day"], row["first_day"])
        known["last_day"] = max(known["last_day"], row["last_day"])
    listed = [{column: row[column] for column in COLUMNS} for row in found.values()]
    return sorted(listed, key=lambda row: (-row["cost"], row["name"]))


def _reason(row: dict) -> str:
    if not is_ai(row):
        return ""
    if not row["instance_time"]:
        return _NO_MODEL
    # An instance of AI services without a GPU family is an ordinary machine.
    is_family = is_ai({**_BARE, "instance_type": row["instance_type"]})
    known = row["instance_type"].lower() in gpus_by_instance_type()
    return _NO_GPUS if is_family and not known else ""


_BARE = {"service_name": "", "service_code": ""}
REPORT = Report(
    "unclassified_ai",
    "AI without a class",
    unclassified_rows,
    lambda spec: COLUMNS,
    whole_company=True,
)
