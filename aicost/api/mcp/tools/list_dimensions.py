"""list_dimensions: what cost can be broken down and filtered by."""

from django.urls import reverse

from aicost.api.mcp import base
from aicost.api.mcp.said import Said
from attribution.reports import named
from attribution.reports.spec import LAYERS

DIMENSIONS = {
    "feature": "what users use: search, chat assistant",
    "product": "a group of features",
    "model": "the model that answers or is trained",
    "base_model": "a model with all its versions",
    "model_family": "a group of models",
    "team": "who owns the cost",
    "department": "a group of teams",
    "cost_centre": "the cost centre of a team in finance",
    "experiment": "a trial of something new",
    "project": "a group of experiments",
    "workload": "what runs: an endpoint, job, pipeline, notebook",
    "environment": "prod, staging, dev",
    "customer": "whose calls used it (query_costs and margin only)",
    "activity": "inference, training, experimentation, data, storage, network, observability, "
    "other",
    "layer": f"what the money buys: {', '.join(LAYERS)}",
    "kind": "workload (used), idle, shared, unattributed",
    "state": "active; held_idle, empty_idle, unreserved, unused_commitment; tax, support, fee, "
    "commitment, credit; unobserved, unmetered, unclaimed",
    "evidence": "how it came to its name: measured, tagged, inferred (by a rule), fallback",
    "cost_class": "cost of revenue, research… as finance has defined (query_costs only)",
    "source": "the bill it comes from",
    "account": "the account or project at the provider",
    "service": "the provider's service",
    "region": "the provider's region",
    "charge_category": "Usage, Purchase, Tax, Credit, Adjustment",
}
CHARGES = {
    "provider": "who bills", "billing_account": "the account that pays",
    "service_category": "Compute, AI, Storage…", "sku": "the SKU", "sku_meter": "the meter",
    "operation": "the provider's operation", "resource": "the machine, bucket or endpoint",
    "resource_type": "its type", "instance_type": "such as p4d.24xlarge", "zone": "the zone",
    "pricing_category": "on demand, committed, spot", "charge_class": "corrections",
    "commitment": "the reservation or savings plan", "invoice": "the invoice",
    "rule": "the rule that placed it", "tag:KEY": "any tag, such as tag:team",
}  # fmt: skip


class Arguments(base.Arguments):
    pass


def answer(caller: base.Reader, asked: Arguments) -> Said:
    tools = {
        "compare_periods": named("bridge").groups,
        "unit_costs": named("unit_cost").groups,
        "forecast": named("forecast").groups,
    }
    rows = [
        {
            "dimension": name,
            "means": means,
            "also_in": ", ".join(tool for tool, groups in tools.items() if name in groups),
        }
        for name, means in (DIMENSIONS | CHARGES).items()
    ]
    return Said(
        "Cost can be grouped and filtered by these dimensions; query_costs takes all of them, "
        "others those that say so.",
        None,
        reverse("explore"),
        ("dimension", "means", "also_in"),
        rows,
        len(rows),
        notes=(
            "From provider on, only single charges know the dimension: at most 31 days",
            "search_values lists the names of a dimension; names are written as it gives them",
            "compare_periods tells drivers by feature, model, experiment, activity and what "
            "stands above them; a filter by team is possible too",
        ),
        bytes_max=12_000,
    )


TOOL = base.Tool(
    "list_dimensions",
    "Dimensions",
    "The dimensions that cost can be grouped and filtered by (feature, model, team, customer, "
    "service, layer, kind…), what each means and which tools take it. Ask it first when unsure "
    "which words group_by and filters take.",
    Arguments,
    answer,
)
