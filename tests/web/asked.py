"""The questions that pages put to reports, overheard; and the same ones put by the command."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import sys

from django.core.management import call_command

from attribution import reports
from attribution.reports import customers
from attribution.reports.formats import to_json
from attribution.reports.spec import Answer, Spec


@contextmanager
def overheard(monkeypatch) -> Iterator[list[Answer]]:
    """Every answer that a module of the web room gets while this lasts; what it asks of the money
    of customers alone is heard as the whole report."""
    heard: list[Answer] = []
    ask, money = reports.run, customers.money_rows

    def listening(spec: Spec, *known) -> Answer:
        heard.append(ask(spec, *known))
        return heard[-1]

    def listening_for_money(spec: Spec) -> list[dict]:
        rows = money(spec)
        listening(spec)
        return rows

    with monkeypatch.context() as patched:
        for name, module in list(sys.modules.items()):
            if name.startswith("aicost.web") and getattr(module, "run", None) is ask:
                patched.setattr(module, "run", listening)
            if name.startswith("aicost.web") and getattr(module, "money_rows", None) is money:
                patched.setattr(module, "money_rows", listening_for_money)
        yield heard


def key_of(spec: Spec) -> str:
    """One text a question, whoever puts it in whatever order."""
    return " ".join(map(str, command_of(spec)))


def command_of(spec: Spec) -> list[str]:
    """The words after `manage.py` that put this question."""
    words = ["report", spec.report, f"--from={spec.period.start}", f"--to={spec.period.end}"]
    words += [f"--granularity={spec.granularity}", f"--group-by={','.join(spec.group_by)}"]
    words += [f"--{name}={getattr(spec, name)}" for name in ("basis", "idle", "shared")]
    words += [f"--estimates={spec.estimates}", f"--in-currency={spec.in_currency}"]
    words += [f"--role={spec.asker.role}", *(f"--team={team}" for team in spec.asker.teams or ())]
    for name, values in sorted(spec.filters.items()):
        words += [f"--filter={name}={value}" for value in values]
    if spec.against:
        words.append(f"--against={spec.against.start}:{spec.against.end}")
    words += [word for word, said in (("--long", spec.long), ("--by-rules", spec.by_rules)) if said]
    return [*words, "--format=json"]


def by_command(spec: Spec, folder: Path) -> list[dict]:
    """The rows that `manage.py report …` writes for this question."""
    file = folder / "answer.json"
    call_command(*command_of(spec), f"--output={file}")
    return json.loads(file.read_text(encoding="utf-8"))["rows"]


def rows_of(answer: Answer) -> list[dict]:
    return json.loads(to_json(answer))["rows"]
