"""The documentation names all there is: what is missing from it fails here."""

from importlib import import_module
from pathlib import Path
import re

from django.conf import settings
from django.core.management import get_commands
import pytest

from ingest.fetch.connectors import CONNECTORS

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("aicost", "ingest", "attribution")


def docs() -> str:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def named(registry) -> list[str]:
    """Names in a registry: a dict's keys, or the `name` or `method_id` of a tuple's members."""
    if isinstance(registry, dict):
        return list(registry)
    return [getattr(one, "name", None) or one.method_id for one in registry]


@pytest.mark.parametrize(
    ("module", "registry"),
    [
        ("ingest.sources", "SOURCES"),
        ("ingest.fetch.connectors", "CONNECTORS"),
        ("attribution.rules", "RULES"),
        ("attribution.reports", "REPORTS"),
        ("attribution.detectors", "DETECTORS"),
        ("aicost.notify.channels", "CHANNELS"),
        ("aicost.notify.webhooks.catalogue", "EVENT_TYPES"),
        ("aicost.api.mcp.tools", "TOOLS"),
        ("aicost.files.datasets", "DATASETS"),
        ("aicost.files.stores", "STORES"),
        ("aicost.runtime.bench.registry", "BENCHES"),
    ],
)
def test_it_documents_every_member_of_a_registry(module, registry):
    names = named(getattr(import_module(module), registry))
    text = docs()
    assert [name for name in names if f"`{name}`" not in text] == []


def test_it_has_a_page_for_every_connector():
    """The form of a connector shows its page: docs/sources/<name>.md."""
    pages = {page.stem for page in (ROOT / "docs" / "sources").glob("*.md")}
    assert [c.name for c in CONNECTORS if c.name not in pages] == []


def test_it_documents_every_environment_variable():
    pattern = re.compile(
        r"""(?:environ(?:\.get\(|\[|\.setdefault\()|whole_number\()\s*["']([A-Z_]+)["']"""
    )
    code = [ROOT / "manage.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    read = {name for path in code for name in pattern.findall(path.read_text(encoding="utf-8"))}
    read |= {"AICOST_SAMPLES"}
    internal = {"PATH", "DJANGO_SETTINGS_MODULE"}
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert sorted(name for name in read - internal if f"`{name}`" not in page) == []


def test_it_documents_every_job_kind():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [kind for kind in settings.AICOST_JOBS if f"`{kind}`" not in page] == []


def test_it_documents_every_command():
    rooms = ("aicost.", "ingest", "attribution")
    ours = [name for name, app in get_commands().items() if str(app).startswith(rooms)]
    text = docs()
    assert [name for name in sorted(ours) if f"manage.py {name}" not in text] == []


def test_it_documents_every_make_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE).group(1).split()
    text = docs()
    assert [name for name in targets if f"make {name}" not in text] == []


def test_it_links_to_pages_that_exist():
    broken = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []
