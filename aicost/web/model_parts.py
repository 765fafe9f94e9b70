"""Panels of a model page beside its quality: whom it serves, what it buys, what changed."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from aicost.accounts.scope import may_see_sources
from aicost.kernel.periods import Period
from aicost.web import numbers, spark
from aicost.web.ask import Ask
from aicost.web.estimated import met_the_bill
from aicost.web.model_charts import name_of
from aicost.web.names import entities, last_day, parents_on, target_url
from aicost.web.parts import cost_blocks, why_url
from aicost.web.qualities import planes_of, version_name
from aicost.web.sorting import LINES
from aicost.web.units import per_thousand
from attribution.entities.seen import names_seen
from attribution.models import EntityParent
from attribution.reports.spec import LAYER, Answer
from ingest.models import Alias, Price

BY_VERSION, BY_LAYER = ("model", "model_version"), (LAYER,)
API = "model_api"
SAID_OF_KIN = ("parameters", "active_parameters", "quantisation", "context", "vendor")
CHANGE_DAYS, CHANGES_MAX, KIN_MAX = 92, 12, 20
ZERO = Decimal(0)


def versions(ask: Ask) -> dict:
    """Calls by version of a model that was never scored."""
    answer = ask.report("unit_cost", group_by=BY_VERSION)
    rows = [row for row in answer.rows if row["model"] == name_of(ask) and row["requests"]]
    calls = sum(row["requests"] for row in rows)
    listed = [
        {
            "name": row["model_version"] or "not told",
            "calls": row["requests"],
            "share": numbers.percent(Decimal(row["requests"]), Decimal(calls)),
            "unit": per_thousand(row["marginal_cost_per_inference"], row["currency"] or ""),
            "known": row["marginal_cost_per_inference"] is not None,
            "p95": row["latency_p95_ms"],
        }
        for row in sorted(rows, key=lambda row: -row["requests"])
    ]
    return {"versions": listed, "calls": calls, "period": numbers.period(ask.period)}


def layers(ask: Ask) -> dict:
    """What the model's money buys: GPUs while they serve and wait, APIs, training, storage."""
    found = cost_blocks(ask, BY_LAYER)
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, BY_LAYER, block.currency)
    shares = []
    for block in found:
        api = sum((x.cost for x in block.lines if x.key[1:] == (API,)), ZERO)
        shares.append(
            {
                "bar": spark.shares([(x.swatch, x.cost) for x in block.lines]),
                "api": numbers.percent(api, block.total.cost),
                "own": numbers.percent(block.total.cost - api, block.total.cost),
            }
        )
    return {
        "pairs": list(zip(found, shares, strict=True)),
        "period": numbers.period(ask.period),
        "met": met_the_bill(ask, name_of(ask)),
    }


def features(ask: Ask) -> dict:
    found = cost_blocks(ask, ("feature",))
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, ("feature",), block.currency)
            if line.line == "owned":
                line.drill = target_url(ask, "feature", line.key[1])
    found = LINES.blocks(ask.view, found)
    return {"blocks": found, "period": numbers.period(ask.period)}


def failed_answer(ask: Ask) -> Answer:
    plain = {"idle": "shown", "shared": "shown", "granularity": "total"}
    return ask.report("failed_work", group_by=("feature",), **plain)


def failures(ask: Ask) -> dict:
    """What failed calls and retries cost, by feature: shares of money that stands above as well."""
    rows = [row for row in failed_answer(ask).rows if row["inference_cost"] is not None]
    listed = [
        {
            "feature": row["feature"] or "no feature",
            "cost": numbers.money(row["inference_cost"], row["currency"]),
            "failed": numbers.money(row["failed_calls_cost"], row["currency"]),
            "retries": numbers.money(row["retries_cost"], row["currency"]),
            "share": numbers.percent(row["failed_cost"], row["inference_cost"]),
            "basis": row["basis"],
        }
        for row in rows
    ]
    told = any(row["failed_cost"] is not None for row in rows)
    return {"rows": listed if told else [], "period": numbers.period(ask.period)}


def family(ask: Ask) -> dict:
    """Family, base model and the models beside it, with what is said of each and its cost."""
    rows = [
        row
        | {
            "here": row["model"] == name_of(ask),
            "url": target_url(ask, "model", row["model"]),
            "parameters": _size(row["parameters"]),
            "active": _size(row["active_parameters"]),
            "costs": [numbers.money(cost, currency) for currency, cost in row["money"]],
        }
        for row in kin_rows(ask)
    ]
    registered = name_of(ask) in entities("model")
    return {"rows": rows, "period": numbers.period(ask.period), "registered": registered}


def kin_rows(ask: Ask) -> list[dict]:
    """The page's model and its kin, with `money` as (currency, cost)."""
    name, day = name_of(ask), last_day(ask)
    above, known = parents_on("model", day), entities("model")
    seen = names_seen(ask.asker, "model")
    kin = [one for one in _kin(name, above) if seen is None or one[0] in seen]
    costs = {
        (line.key[1], block.currency): line.cost
        for block in cost_blocks(ask.with_view(filters={}), ("model",))
        for line in block.lines
        if line.line == "owned"
    }
    rows = []
    for one, base, of in kin:
        entity = known.get(one)
        said = entity.attributes if entity else {}
        rows.append(
            {
                "model": one,
                "base_model": base,
                "model_family": of,
                **{key: said.get(key, "") for key in SAID_OF_KIN},
                "owner": entity.owner if entity else "",
                "money": [(c, cost) for (model, c), cost in costs.items() if model == one],
            }
        )
    return rows


def _kin(name: str, above: dict[str, list[EntityParent]]) -> list[tuple[str, str, str]]:
    """(model, base model, family): the page's model and those below the same base or, where there
    is no base, of the same family."""

    def parent(of: str, level: str) -> str:
        return next((p.parent for p in above.get(of, []) if p.level == level), "")

    def lineage(of: str) -> tuple[str, str, str]:
        base = parent(of, "model")
        return of, base, parent(of, "model_family") or parent(base, "model_family")

    _, base, of = mine = lineage(name)
    others = (lineage(one) for one in sorted(above) if one != name)
    same = [o for o in others if (base and o[1] == base) or name == o[1] or (of and o[2] == of)]
    bases = {o[1] for o in (*same, mine)}
    return [mine, *(o for o in same if o[0] not in bases)][:KIN_MAX]


def _size(count: str | None) -> str:
    """410000000 → 410M; empty where nobody said."""
    return numbers.short_count(Decimal(count)).replace(".0", "") if count else ""


def changes(ask: Ask) -> dict:
    """What may have moved its figures in three months, the newest first: events that name it,
    versions that took over, and prices for whoever may see them all."""
    found = change_rows(ask)
    return {"rows": found[:CHANGES_MAX], "more": max(len(found) - CHANGES_MAX, 0),
            "period": numbers.period(_three_months(ask))}  # fmt: skip


def _three_months(ask: Ask) -> Period:
    return Period(ask.period.end - timedelta(days=CHANGE_DAYS), ask.period.end)


def change_rows(ask: Ask) -> list[dict]:
    span = _three_months(ask)
    found = [*_takeovers(ask, span), *_events(ask)]
    if may_see_sources(ask.user):
        found += _prices(name_of(ask), span)
    return sorted(found, key=lambda one: one["day"], reverse=True)


def _day(when: date | datetime) -> date:
    return when.date() if isinstance(when, datetime) else when


def changes_answer(ask: Ask) -> Answer:
    """What happened in three months and names the model."""
    plain = {"filters": {"model": (name_of(ask),)}, "idle": "shown", "shared": "shown"}
    return ask.report("annotations", group_by=(), period=_three_months(ask), **plain)


def _events(ask: Ask) -> list[dict]:
    return [
        {"day": _day(row["at"]), "what": row["kind"].capitalize(), "text": row["title"],
         "url": row["url"], "who": row["author"]}
        for row in changes_answer(ask).rows
        if row["model"] and row["kind"] != "price"  # told below with what it was before
    ]  # fmt: skip


def _takeovers(ask: Ask, span: Period) -> list[dict]:
    name = name_of(ask)
    found = {}
    for plane in planes_of(ask, name):
        row = plane.leader
        if row and row["leads_after"] and span.start <= row["leads_since"] < span.end:
            text = f"{version_name(row, name)} took over from {row['leads_after']}"
            found[text] = {"day": row["leads_since"], "what": "Version", "text": text,
                           "url": "", "who": ""}  # fmt: skip
    return list(found.values())


def _prices(name: str, span: Period) -> list[dict]:
    """Prices that began in the span, with the one each took the place of."""
    raw = Alias.objects.filter(dimension="model", canonical=name).values("raw")
    rows = Price.objects.filter(Q(model=name) | Q(model__in=raw), valid_from__lt=span.end)
    found, before = [], {}
    for row in rows.order_by("valid_from", "id"):
        key = (row.provider, row.model, row.token_class, row.region, row.service_tier,
               row.context_over, row.basis)  # fmt: skip
        if row.valid_from >= span.start and row.price is not None:
            old = before.get(key)
            was = f", was {_price(old)}" if old is not None else ""
            text = f"{row.token_class.replace('_', ' ')} {_price(row)}{was} ({row.basis})"
            found.append({"day": row.valid_from, "what": "Price", "text": text, "url": "",
                          "who": row.origin})  # fmt: skip
        before[key] = row
    return found


def _price(row: Price) -> str:
    money = numbers.unit_money(row.price, row.currency)
    return f"{money} per {numbers.short_count(row.per_units).replace('.0', '')}"
