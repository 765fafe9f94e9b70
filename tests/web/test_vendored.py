"""The vendored scripts are what VENDORED.md says, and Plotly is the one plotly.py names."""

import hashlib
from pathlib import Path
import re

from django.conf import settings
from plotly.offline import get_plotlyjs_version
import pytest

SHIPPED = settings.BASE_DIR / "static" / "vendor"
OF_TESTS = Path(__file__).parent / "vendor"
ROW = re.compile(r"\| (\S+\.js) \| (\S+) \| (\S+) \| (\S+) \| ([0-9a-f]{64}) \|")


@pytest.mark.parametrize("folder", [SHIPPED, OF_TESTS], ids=["static", "tests"])
def test_it_ships_the_scripts_it_lists(folder):
    rows = ROW.findall((folder / "VENDORED.md").read_text(encoding="utf-8"))
    assert {name for name, *_ in rows} == {path.name for path in folder.glob("*.js")}
    for name, _, version, _, checksum in rows:
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum
        if name.startswith("plotly"):
            assert version == get_plotlyjs_version()


def test_nothing_the_product_serves_is_copyleft():
    """MPL files may lie among ours, unchanged and with their licence; we serve none."""
    rows = ROW.findall((SHIPPED / "VENDORED.md").read_text(encoding="utf-8"))
    assert {licence for *_, licence, _ in rows} <= {"MIT", "0BSD", "BSD-3-Clause", "Apache-2.0"}
    assert (OF_TESTS / "axe.LICENSE").is_file()
