"""How Azure's bills spell their columns, regions, services and resources; the words are data files
beside the code."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
import re

from aicost.kernel.late import Late

ibis = Late("ibis")
ir = Late("ibis.expr.types")

_GROUPED = r"(?i)^/?subscriptions/([^/]*)/resourcegroups/([^/]+)(.*)$"
_TYPES = ("virtualMachineScaleSets", "virtualMachines")
# 'Kategorie (MeterCategory)': the English name stands in the brackets.
_IN_BRACKETS = re.compile(r"\(\s*([A-Za-z][A-Za-z0-9_ ]*?)\s*\)\s*$")


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with files("ingest.data").joinpath(name).open(encoding="utf-8") as lines:
        return tuple(csv.DictReader(lines))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


@cache
def _localised() -> dict[str, str]:
    """Names without an English one in brackets, as azure_column_names.csv translates them."""
    return {
        _plain(row["written"]): _plain(row["column"]) for row in _rows("azure_column_names.csv")
    }


@cache
def fold(name: str) -> str:
    """One spelling of a column, whatever its case, punctuation and language."""
    bracketed = _IN_BRACKETS.search(name)
    plain = _plain(bracketed[1] if bracketed else name)
    return _localised().get(plain, plain)


def region_of(written: ir.StringValue) -> ir.StringValue:
    """'US East 2', 'EastUS2' and 'eastus2' are one region."""
    lower = written.lower().strip()
    known = [(lower == row["written"], row["region"]) for row in _rows("azure_regions.csv")]
    return ibis.cases(*known, else_=lower.replace(" ", ""))


def service_of(groups: ir.Table, part: str) -> ir.StringValue:
    """Service category or subcategory by the rows of azure_service_categories.csv, first to last:
    by what the meter's subcategory begins with, its category, or the resource provider."""
    compared = {
        "subcategory": groups["extra:MeterSubCategory"].lower(),
        "category": groups.meter_category.lower(),
        "provider": groups.service_code.lower(),
    }
    branches = []
    for row in _rows("azure_service_categories.csv"):
        text, value = compared[row["matches"]], row["value"]
        is_meant = text.startswith(value) if row["matches"] == "subcategory" else text == value
        branches.append((is_meant, row[part]))
    return ibis.cases(*branches, else_="")


def told(info: ir.StringValue, key: str) -> ir.StringValue:
    """A text of AdditionalInfo or of a SKU's details, which is JSON, JSON without braces, or
    Python's repr; '' if it is not told."""
    found = info.re_extract(rf"""["'](?:x_)?{key}["']\s*:\s*["']([^"']*)["']""", 1)
    return found.fill_null("")


def resource_of(written: ir.StringValue, vm: ir.StringValue) -> ir.StringValue:
    """The resource as Kubernetes names it: its group in lower case, the types of machines in their
    own, and of a scale set the instance, which only the name of the machine tells (`X_3`)."""
    account, group, rest = (written.re_extract(_GROUPED, n).fill_null("") for n in (1, 2, 3))
    for kind in _TYPES:
        rest = rest.re_replace(
            rf"(?i)^/providers/microsoft\.compute/{kind}/", f"/providers/Microsoft.Compute/{kind}/"
        )
    spelled = ibis.literal("/subscriptions/") + account + "/resourceGroups/" + group.lower() + rest
    plain = ibis.ifelse(group == "", written, spelled)
    number = vm.re_extract(r"_([0-9]+)$", 1).fill_null("")
    is_set = plain.re_search(r"/virtualMachineScaleSets/[^/]+$") & (number != "")
    return ibis.ifelse(is_set, plain + "/virtualMachines/" + number, plain)
