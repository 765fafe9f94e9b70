"""names/targets.csv: whose Marlow & Finch's names are, what stands above them, their budgets.

On the 15th of month 5 search leaves the storefront and becomes a product of its own, and the team
of personalisation goes to another department: the days before stay where they were."""

from collections.abc import Iterator
from pathlib import Path

from aicost.kernel.periods import next_month
from aicost.runtime.demo import company as c
from aicost.runtime.demo import files
from aicost.runtime.demo.story import Story

CARE, STORE, TRUST = "Customer care", "Storefront", "Trust and safety"
# feature: title, owner, product, business case, expected value and budget a month
FEATURES = {
    c.RECOMMENDATIONS: ("Recommendations", "Noor Haddad", STORE,
                        "More orders per visit: 4 % of them came from it in the pilot.",
                        "280000", "125000"),
    c.PERSONALISATION: ("Personalisation", "Luca Ferri", STORE,
                        "Fuller baskets of known customers.", "100000", "30000"),
    c.SEARCH: ("Search ranking", "Priya Nair", STORE,
               "Fewer searches without an order.", "66000", "16000"),
    c.SUPPORT: ("Support assistant", "Tom Okafor", CARE,
                "Answers seven of ten tickets, so that the team need not grow.", "12000", "7500"),
    c.FRAUD: ("Fraud scoring", "Elif Kaya", TRUST, "Chargebacks stopped before they cost.",
              "", "4000"),
    c.CATALOGUE: ("Catalogue tagging", "Jonas Weber", STORE,
                  "Listings go live in a day, not a week.", "", "5000"),
}  # fmt: skip
# model: owner, base model, family, attributes
MODELS = {
    "rank-v3": ("Noor Haddad", "rank", "", "parameters=410M; quantisation=fp16; gpus=1"),
    "rank": ("Noor Haddad", "", "Ranking nets", ""),
    "persona-v1": ("Luca Ferri", "", "Ranking nets", "parameters=180M; quantisation=fp16"),
    "search-rank": ("Priya Nair", "", "Ranking nets", "parameters=95M; quantisation=int8"),
    "item-embed": ("Ines Duarte", "", "Embeddings", "parameters=33M; quantisation=int8"),
    "fraud-net": ("Elif Kaya", "", "Classifiers", "parameters=12M"),
    "tagger": ("Jonas Weber", "", "Classifiers", "parameters=310M; quantisation=fp16"),
    c.LARGE: ("Tom Okafor", "", "Sage", f"context=200000; vendor={c.LLM_ISSUER}"),
    c.MINI: ("Jonas Weber", "", "Sage", f"context=128000; vendor={c.LLM_ISSUER}"),
}
# team: owner, department
TEAMS = {
    "relevance": ("Noor Haddad", "Growth"),
    "personalisation": ("Luca Ferri", "Growth"),
    "search": ("Priya Nair", "Discovery"),
    "support": ("Tom Okafor", "Operations"),
    "catalogue": ("Jonas Weber", "Operations"),
    "fraud": ("Elif Kaya", "Risk"),
    "platform": ("Ines Duarte", "Engineering"),
}
CENTRES = {"Growth": "4100", "Discovery": "4100", "Operations": "4300", "Risk": "4400",
           "Engineering": "4900"}  # fmt: skip
PROJECTS = {
    "ab-rank-a": "Ranking test", "ab-rank-b": "Ranking test", "ab-rank-c": "Ranking test",
    "two-tower": "Next ranker", "wide-embeddings": "Next ranker", "gnn-basket": "Basket graphs",
}  # fmt: skip
OWNERS = dict.fromkeys(PROJECTS, "Noor Haddad") | {"gnn-basket": "Luca Ferri"}
COLUMNS = (
    "dimension", "name", "title", "owner", "status", "retired_on", "parent_dimension", "parent",
    "budget", "budget_currency", "budget_period", "valid_from", "valid_to", "business_case",
    "expected_value", "expected_currency", "attributes",
)  # fmt: skip
USD = {"budget_currency": c.CURRENCY, "budget_period": "month"}


def write_names(story: Story, folder: Path) -> int:
    """The file; how many rows it has."""
    rows = [*_features(story), *_models(), *_teams(story), *_experiments(story)]
    place = files.made(folder, "names")
    cells = [[row.get(name, "") for name in COLUMNS] for row in rows]
    files.write_csv(place / "targets.csv", COLUMNS, cells)
    return len(rows)


def _features(story: Story) -> Iterator[dict]:
    moved = story.day_of_month(4, 15)
    for name, (title, owner, product, case, worth, budget) in FEATURES.items():
        row = {"dimension": "feature", "name": name}
        expected = {"expected_value": worth, "expected_currency": c.CURRENCY} if worth else {}
        said = {"title": title, "owner": owner, "business_case": case, "budget": budget}
        yield row | said | expected | USD
        below = row | {"parent_dimension": "product"}
        if name == c.SEARCH:
            yield below | {"parent": product, "valid_to": moved}
            yield below | {"parent": "Search", "valid_from": moved}
        else:
            yield below | {"parent": product}
    for product, owner in ((STORE, "Noor Haddad"), ("Search", "Priya Nair"), (CARE, "Tom Okafor")):
        yield {"dimension": "product", "name": product, "owner": owner}


def _models() -> Iterator[dict]:
    for name, (owner, base, family, attributes) in MODELS.items():
        row = {"dimension": "model", "name": name}
        level, parent = ("model", base) if base else ("model_family", family)
        above = {"parent_dimension": level, "parent": parent}
        yield row | {"owner": owner, "attributes": attributes} | above


def _teams(story: Story) -> Iterator[dict]:
    moved = story.day_of_month(4, 15)
    for name, (owner, department) in TEAMS.items():
        row = {"dimension": "team", "name": name}
        below = row | {"parent_dimension": "department"}
        yield row | {"owner": owner}
        if name == "personalisation":
            yield below | {"parent": department, "valid_to": moved}
            yield below | {"parent": "Discovery", "valid_from": moved}
        else:
            yield below | {"parent": department}
    budget = {"dimension": "team", "name": "relevance", "budget": "140000"}
    yield budget | USD
    for name, centre in CENTRES.items():
        above = {"parent_dimension": "cost_centre", "parent": centre}
        yield {"dimension": "department", "name": name} | above


def _experiments(story: Story) -> Iterator[dict]:
    """Each with what it is to show, when it was to end and what it may cost a month, from the
    month it began in until it was to end; two-tower has gone on past both."""
    began = story.ab_test
    trials = {
        "ab-rank-a": ("v3.1 sells as much at less", began, None, "6500"),
        "ab-rank-b": ("v3.2 sells more on the long tail", began, story.decision, "6500"),
        "ab-rank-c": ("v3.3 sells more at the same cost", began, None, "6500"),
        "two-tower": ("Two towers rank as well at half the latency", story.months[3],
                      story.planned_end, "6000"),
        "gnn-basket": ("A graph of baskets completes more of them", story.months[3], None, "2600"),
        "wide-embeddings": ("Wider embeddings help new items", story.forgotten_from,
                            story.forgotten_idle_from, "4000"),
    }  # fmt: skip
    for name, project in PROJECTS.items():
        hypothesis, began, ends, budget = trials[name]
        row = {"dimension": "experiment", "name": name}
        said = {"owner": OWNERS[name], "attributes": f"hypothesis={hypothesis}"}
        if ends:
            said["attributes"] += f"; ends_on={ends}"
        if name == "wide-embeddings":
            said |= {"status": "retired", "retired_on": story.forgotten_idle_from}
        yield row | said | {"parent_dimension": "project", "parent": project}
        months = {"valid_from": began.replace(day=1)}
        if ends:
            months["valid_to"] = next_month(ends.replace(day=1))
        yield row | {"budget": budget} | USD | months
