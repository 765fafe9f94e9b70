"""A budget that will not do. Facts `budgets`: what budgeting says of each budget on the day, with
what it is of (`level`, `name`), what may be spent, where it ends (`forecast`, None unknown), what
is used, how grave it is (`said`: warn, alert or breach) and in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import money_text

ORDER = ("warn", "alert", "breach")


@dataclass(frozen=True)
class BurnSettings:
    said: int = setting(1, "from what on it is told: 0 warning, 1 alert, 2 breach", low=2, high=0)


def run(rows: list[Mapping], settings: BurnSettings) -> Iterator[Noticed]:
    """Expected is the budget, actual where it ends, or what is used already if that is more."""
    for row in rows:
        if ORDER.index(row["said"]) < settings.said:
            continue
        ends = max(row["forecast"] or row["used"], row["used"])
        yield Noticed(
            row["level"], row["name"], row["currency"], "budget_burn", row["onset"], row["day"],
            row["day"], row["amount"], ends,
            f"Budget of {row['title']}: {row['words']}",
            "A budget is told of when it is used up, or when the chance of that is what its alert"
            " says (80% unless set) on two evenings in a row, from the fourth day on. Expected is"
            f" the budget, {money_text(row['amount'], row['currency'])}; actual is where it ends.",
            goes_on=False,
        )  # fmt: skip


DETECTOR = Detector(
    "budget_burn", "A budget that will not do", "facts", BurnSettings, run, facts="budgets"
)
