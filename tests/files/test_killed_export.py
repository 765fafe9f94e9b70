"""An export is killed with -9 amid its work: what the manifest names stays whole, and the next run
ends it, with nothing twice and nothing left over."""

from decimal import Decimal
from pathlib import Path
import time

import pytest

from aicost.files.destinations import add
from aicost.files.export import VANISHED, export
from aicost.files.models import FilesRun
from attribution.allocate import attribute
from tests.attribution import world
from tests.attribution.ledger import charge
from tests.files.reading import ask, manifest, sums

NEW_FILES, HALF_A_FILE, BEFORE_THE_SWEEP = "new files", "half a file", "before the sweep"

# The command, stopped for good (it waits to be killed) at the point that the test names.
SLOW = """
from django.core.management import call_command
from aicost.files import stores
point, put, write, remove = os.environ["POINT"], stores.Folder.put, stores.Folder.write, \\
    stores.Folder.remove
def stop():
    print("here", flush=True)
    time.sleep(600)
def slow_write(self, name, body):
    if point == "new files" and old:
        stop()
    old.append(name)
    write(self, name, body)
def slow_put(self, path, name):
    if point == "half a file":
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_name(f".{target.name}.part").write_bytes(path.read_bytes()[:100])
        stop()
    put(self, path, name)
def slow_remove(self, names):
    names = list(names)
    if point == "before the sweep" and names:
        stop()
    remove(self, names)
old = [1] if os.environ.get("AGAIN") else []
stores.Folder.write, stores.Folder.put, stores.Folder.remove = slow_write, slow_put, slow_remove
call_command("export", "run", "lake")
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def killed_at(nursery):
    """killed_at(point, again): the command runs up to there, and is killed."""

    def run(point: str, again: bool) -> None:
        told = {"POINT": point, "AGAIN": "1" if again else ""}
        child = nursery.fork(SLOW, environment=told)
        try:
            assert child.hears.readline() == "here\n"
        finally:
            child.kill()

    return run


def wait_until_it_let_go(destination) -> FilesRun:
    """Postgres notices within moments that the process is gone, and its lock with it."""
    until = time.monotonic() + 20
    while (run := export(destination)).pk is None:
        assert time.monotonic() < until, run.message
        time.sleep(0.1)
    return run


@pytest.mark.parametrize("point", [NEW_FILES, HALF_A_FILE])
def test_the_first_export_is_killed(home, killed_at, point):
    world.build()
    to = add("lake", str(home / "exports" / "lake"), {}, ["cost"])
    root = home / "exports" / "lake"
    killed_at(point, again=False)
    assert manifest(root) == {}, "no day is promised yet"

    assert wait_until_it_let_go(to).state == "done"
    whole(root, Decimal(108))
    assert FilesRun.objects.order_by("pk").first().message == VANISHED


@pytest.mark.parametrize("point", [NEW_FILES, HALF_A_FILE, BEFORE_THE_SWEEP])
def test_a_restatement_is_killed(home, killed_at, point):
    world.build()
    to = add("lake", str(home / "exports" / "lake"), {}, ["cost"])
    root = home / "exports" / "lake"
    export(to)
    charge("1", tags={"team": "b"}, service_name="Bucket")
    attribute()

    killed_at(point, again=True)
    stands = Decimal(109 if point == BEFORE_THE_SWEEP else 108)
    assert sums(manifest(root), "effective_cost") == {"USD": stands}, "the old day or the new one"

    assert wait_until_it_let_go(to).state == "done"
    whole(root, Decimal(109))


def whole(root: Path, total: Decimal) -> None:
    assert sums(manifest(root), "effective_cost") == {"USD": total}
    assert ask(root, "cost", "sum(effective_cost)") == [(total,)]
    left = [path.name for path in root.rglob("*") if path.is_file()]
    assert len(left) == 3, f"two days and the manifest: {left}"
