"""/api/v1/: the description as a page, made from it on the server, so that it needs no script."""

from collections.abc import Mapping
import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from aicost.api.rest.schema import document

TITLES = {
    "reports": "Reports",
    "budgets": "Budgets",
    "alerts": "Alerts",
    "rules": "Rules",
    "sources": "Sources and deliveries",
    "sending": "Sending data",
    "webhooks": "Webhooks",
}
FILTER = "filter["
# What stands in the examples, by the name of the parameter or field.
SAMPLES = {
    "name": "cost",
    "from": "2026-09-01",
    "to": "2026-10-01",
    "batch": "2026-09",
    "title": "Search",
    "amount": "12000",
    "currency": "USD",
    "on": "2027-01-01",
    "until": "2026-12-01",
    "text": "seen",
    "verdict": "expected",
    "key": "search-tags",
    "why": "asked by search",
    "base": 1,
    "keys": ["search-tags", "tags"],
    "connector": "ecb_rates",
    "level": "feature",
    "begins": "2026-11-27",
    "address": "https://tickets.example.com/hooks/ai-cost",
    "grace_hours": 24,
}
ROW_SAMPLE = '[{"day": "2026-09-01", …}]'


@gzip_page
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, its fields and a call of it."""
    address = request.build_absolute_uri("/").rstrip("/")
    context = {"title": "API", "groups": groups(address), "address": address}
    return render(request, "pages/api.html", context)


def groups(address: str) -> list[dict]:
    """Operations by what they are about, in the order in which they are registered."""
    told = document()
    found: dict[str, list[dict]] = {tag: [] for tag in TITLES}
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            found[one["tags"][0]].append(_operation(told, address, path, method.upper(), one))
    return [
        {"tag": tag, "title": TITLES[tag], "operations": operations}
        for tag, operations in found.items()
    ]


def _operation(told: Mapping, address: str, path: str, method: str, one: Mapping) -> dict:
    params = [_param(p) for p in one.get("parameters", ()) if not p["name"].startswith(FILTER)]
    filters = [p["name"] for p in one.get("parameters", ()) if p["name"].startswith(FILTER)]
    kinds = one.get("requestBody", {}).get("content", {})
    media, schema = next(((m, _whole(told, c["schema"])) for m, c in kinds.items()), ("", {}))
    return {
        "id": one["operationId"],
        "method": method,
        "path": path,
        "summary": one["summary"],
        "says": _said(one["description"]) if one["description"] != one["summary"] else "",
        "params": params,
        "filters": filters,
        "media": ", ".join(kinds),
        "fields": _fields(schema),
        "curl": _curl(address, path, method, one, media, schema),
    }


def _param(one: Mapping) -> dict:
    return {
        "name": one["name"],
        "where": {"query": "", "path": "in the address", "header": "header"}[one["in"]],
        "kind": _kind(one["schema"]),
        "required": one.get("required", False),
        "says": _said(one.get("description", "")),
    }


def _said(text: str) -> SafeString:
    """With what stands between backticks as code."""
    parts = text.split("`")
    told = (format_html("<code>{}</code>" if nth % 2 else "{}", part)
            for nth, part in enumerate(parts))  # fmt: skip
    return format_html_join("", "{}", ((one,) for one in told))


def _fields(schema: Mapping) -> list[dict]:
    required = schema.get("required", ())
    return [
        {"name": name, "kind": _kind(of), "required": name in required,
         "says": _said(of.get("description", "")), "where": ""}
        for name, of in schema.get("properties", {}).items()
    ]  # fmt: skip


def _kind(schema: Mapping) -> str:
    """`day`, `one of total, day`, `whole number, 1 to 1000`; '' for any text."""
    if schema.get("type") == "array":
        inner = _kind(schema["items"])
        return f"several{', each ' + inner if inner else ''}"
    if len(schema.get("enum", ())) > 1:
        return f"one of {', '.join(str(one) for one in schema['enum'] if one is not None)}"
    named = {"date": "day", "date-time": "time", "binary": "file"}.get(schema.get("format", ""))
    kind = {"integer": "whole number", "boolean": "true or false", "object": "object"}
    types = schema.get("type")
    types = types if isinstance(types, list) else [types]
    text = named or next((kind[one] for one in types if one in kind), "")
    if "minimum" in schema and "maximum" in schema:
        text = f"{text}, {schema['minimum']} to {schema['maximum']}"
    return text


def _whole(told: Mapping, schema: Mapping) -> Mapping:
    name = schema.get("$ref", "").rpartition("/")[2]
    return told["components"]["schemas"][name] if name else schema


def _curl(address, path, method, one, media, schema) -> str:
    """A call with what is needed and nothing else."""
    query = [
        f"{p['name']}={SAMPLES.get(p['name'], 'x')}"
        for p in one.get("parameters", ())
        if p["in"] == "query" and p.get("required")
    ]
    for p in one.get("parameters", ()):
        if p["in"] == "path":
            sample = "7" if p["schema"].get("type") == "integer" else SAMPLES.get(p["name"], "x")
            sample = "team" if "dimensions" in path else sample
            path = path.replace(f"{{{p['name']}}}", str(sample))
    lines = [f'"{address}{path}{"?" + "&".join(query) if query else ""}"']
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if method not in ("GET", "POST"):
        lines.insert(0, f"-X {method}")
    if any(p["in"] == "header" and p.get("required") for p in one.get("parameters", ())):
        lines.append('-H "Idempotency-Key: my-key-1"')
    if media:
        lines.append(f'-H "Content-Type: {media}"')
        lines.append(_data(media, schema))
    elif method == "POST":
        lines.insert(0, "-X POST")
    return " \\\n  ".join(["curl", *lines]).replace("curl \\\n  ", "curl ", 1)


def _data(media: str, schema: Mapping) -> str:
    if media == "application/octet-stream":
        return "--data-binary @calls.csv"
    if schema.get("type") == "array" or "oneOf" in schema:
        return f"-d '{ROW_SAMPLE}'"
    required = {name: SAMPLES.get(name, "x") for name in schema.get("required", ())}
    return f"-d '{json.dumps(required)}'"
