"""What keeps the code readable, counted: lengths, dead files, words and calls we do not use.

Lists of exceptions only get shorter: an entry that is no longer needed fails its test.
"""

import ast
from pathlib import Path
import re
import subprocess

import pytest

ROOT = Path(__file__).resolve().parent.parent
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
COLUMNS_MAX = 100

LONG_FUNCTIONS: dict[str, int] = {}
LONG_FILES: dict[str, int] = {}

# pattern -> what to write instead. Each is looked for in code, SQL, templates and docs.
BANNED = {
    r"(?i)\bunallocated\b": "idle or unattributed: say which",
    r"\bdatetime\.(now\(\)|utcnow\(|today\()": "aicost.kernel.periods.utc_now()",
    r"\bdate\.today\(": "aicost.kernel.periods.utc_today()",
    r"(?i)\bfloat\([^)]*(cost|amount|price|revenue|billed|money)": "decimals only",
    r"(?i)(cost|amount|price)\w* double precision|::(double precision|float8?|real)\b": "numeric",
    r"pytest\.(skip|xfail)\(|mark\.(skip|xfail)": "no test is skipped",
    r"pytest\.approx|assertAlmostEqual|isclose\(": "no tolerance",
}


def tracked(*suffixes: str, generated: bool = False) -> list[Path]:
    """Files of the project, committed or about to be, without vendored ones, and without those that
    Django writes unless they are asked for."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [
        ROOT / name
        for name in listed
        if name.endswith(suffixes)
        and "/vendor/" not in name
        and (generated or not re.search(r"migrations/\d{4}_(initial|auto|tables)", name))
        and (ROOT / name).is_file()
    ]


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_it_keeps_functions_short():
    long = {
        f"{relative(path)}:{name}": lines
        for path in tracked(".py")
        for name, lines in functions(path)
        if lines > FUNCTION_LINES_MAX
    }
    assert long == LONG_FUNCTIONS


def test_it_keeps_files_short():
    suffixes = (".py", ".sql", ".html", ".css", ".js")
    sizes = {relative(p): len(p.read_text("utf-8").splitlines()) for p in tracked(*suffixes)}
    assert {name: n for name, n in sizes.items() if n > FILE_LINES_MAX} == LONG_FILES


def test_it_keeps_lines_short():
    wide = [
        f"{relative(path)}:{number}"
        for path in tracked(".py", ".sql", ".js", ".css")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > COLUMNS_MAX
    ]
    assert wide == []


@pytest.mark.parametrize("pattern", BANNED)
def test_it_uses_no_banned_words(pattern):
    found = [
        f"{relative(path)}:{number}: {line.strip()} ({BANNED[pattern]})"
        for path in tracked(".py", ".sql", ".html", ".js", ".md")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []


def spellings(stem: str) -> set[str]:
    """The words by which code names a query: whole, or its beginning before a {placeholder}."""
    begins = {stem[: at + 1] + "{" for at, letter in enumerate(stem) if letter == "_"}
    return {stem, stem + "{"} | begins


def test_it_has_no_orphan_queries():
    """Each .sql file is named by a Python file of its own room."""
    words: dict[str, set[str]] = {}
    for path in tracked(".py", generated=True):
        found = re.findall(r"\w+\{?", path.read_text("utf-8"))
        words.setdefault(path.relative_to(ROOT).parts[0], set()).update(found)
    orphans = [
        relative(path)
        for path in tracked(".sql")
        if not spellings(path.stem) & words[path.relative_to(ROOT).parts[0]]
    ]
    assert orphans == []


CALLED_BY_DJANGO = ("403_csrf.html", "404.html", "500.html")


def test_it_has_no_orphan_templates():
    """Each template is named by a view or by another template, or is one that Django asks for."""
    texts = {path: path.read_text("utf-8") for path in tracked(".py", ".html", ".txt")}
    orphans = []
    for path in tracked(".html"):
        name = path.as_posix().rpartition("templates/")[2]
        stem = name.removesuffix(".html")
        if name not in CALLED_BY_DJANGO and not any(
            name in text or f'"{stem}"' in text or f'"{path.stem}"' in text
            for source, text in texts.items()
            if source != path
        ):
            orphans.append(relative(path))
    assert orphans == []


def test_it_leaks_no_machine_into_the_project():
    """No absolute path of the machine it was written on, no index of a package registry."""
    patterns = r"(/home/|/root/|/work/)\w|--(extra-)?index-url|--find-links \S"
    found = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in tracked(".py", ".md", ".txt", ".in", ".yml", ".toml", "Makefile", "Dockerfile")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(patterns, line)
    ]
    assert found == []
