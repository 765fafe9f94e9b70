"""Rules as YAML that lives in git, and `manage.py rules`."""

from io import StringIO

from django.core.management import CommandError, call_command
import pytest

from aicost.accounts.models import ENGINEER, FINANCE, AuditEvent, User
from attribution.claims import ensure_builtin_rules
from attribution.models import AllocationRule
from attribution.ruling.draft import Draft
from attribution.ruling.edit import newest, save, switch
from attribution.ruling.yaml_rules import FileRefused, export, import_rules, plan
from tests.attribution.ledger import DAY, charge

pytestmark = pytest.mark.django_db
OURS = """
rules:
  # vectors are search's
  - key: vectors
    title: Vector store of search
    conditions:
      - {field: account, op: one_of, value: [0123, 4711]}
      - field: resource_id
        op: regex
        value: ^(?P<what>\\w+)-
    assigns: {feature: search, workload: "capture:what"}
    valid_from: 2026-09-01
"""


@pytest.fixture
def fin() -> User:
    ensure_builtin_rules()
    return User.objects.create(username="fin", role=FINANCE)


def rules(*args) -> str:
    out = StringIO()
    call_command("rules", *args, stdout=out)
    return out.getvalue()


def versions() -> int:
    return AllocationRule.objects.count()


def test_what_was_exported_changes_nothing_when_imported(fin):
    import_rules(OURS, fin, "from git")
    switch("tax", False, fin, "booked elsewhere")
    text = export()
    count = versions()
    assert plan(text).planned == () and plan(text).absent == ()
    assert import_rules(text, fin, "again").planned == ()
    assert (versions(), export()) == (count, text)
    assert "  - key: tax\n    built_in: true\n    enabled: false\n" in text
    assert "  - key: support\n    built_in: true\n  - key" in text
    assert "value: ['0123', '4711']" in text and "unclaimed" not in text
    made = next(rule for rule in newest() if rule.key == "vectors")
    assert (made.valid_from, made.position, made.created_by, made.note) == (
        DAY, 650, fin, "from git"
    )  # fmt: skip


def test_a_dry_run_says_in_words_what_would_change_and_changes_nothing(fin, tmp_path):
    import_rules(OURS, fin, "from git")
    file = tmp_path / "rules.yml"
    file.write_text(OURS.replace("search, work", "find, work").replace("  # v", "  # of v"))
    count = versions()
    said = rules("import", str(file), "--dry-run")
    assert versions() == count
    assert "vectors: Vector store of search\n  Target, feature: search → find" in said
    assert "1 rule would change, 0 as they were." in said
    assert "Not in the file and left alone: tax, support," in said
    rules("import", str(file), "--user", "fin", "--why", "renamed")
    assert rules("import", str(file), "--dry-run").startswith("0 rules would change, 1 as they")
    assert "Switched off" in rules("import", str(file), "--dry-run", "--only")
    assert AuditEvent.objects.filter(action="rules_imported").count() == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [", "line 1: file: no YAML"),
        ("- key: x", "has no list `rules`"),
        ("rules:\n- title: x", "line 2: key: a rule has no key"),
        ("rules:\n- {key: a, title: A, colour: red}", "line 2: colour: no rule has that"),
        ("rules:\n- {key: a, title: A}\n- {key: a, title: B}", "line 3: key: 'a' stands in line 2"),
        ("rules:\n- {key: a, title: A, title: B}", "title: it stands there twice"),
        ("rules:\n- &x {key: a, title: A}", "anchor"),
        ("rules:\n- !!python/object:os.system {key: a}", "line 2: file: it uses the tag"),
        ("rules: " + "[" * 40 + "]" * 40, "nested too deep"),
        ("rules:\n- {key: a, title: A, valid_from: soon}", "'soon' is no day"),
        ("rules:\n- {key: a, title: A, enabled: maybe}", "not true or false"),
        ("rules:\n- {key: a, built_in: true}", "none of ours"),
        ("rules:\n- {key: a, title: A, method: magic}", "line 2: method: 'magic' is no method"),
        ("rules:\n- {key: unclaimed, title: A}", "stays as it is"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole_naming_line_part_and_cure(text, told, fin):
    good = "\n- {key: good, title: Good, conditions: []}\n"
    with pytest.raises(FileRefused) as refused:
        import_rules(text, fin, "from git")
    assert told in str(refused.value)
    if text.startswith("rules:\n-"):
        with pytest.raises(FileRefused):
            import_rules(text + good, fin, "from git")
    assert not AllocationRule.objects.filter(key="good").exists()


def test_the_command_lists_shows_reverts_switches_and_previews(fin, tmp_path):
    charge("30", sub_account_id="4711")
    save(Draft("ours", "Ours", assigns={"team": "a"}), fin, "first")
    assert "   650  ours                     Ours" in rules("list")
    rules("disable", "ours", "--user", "fin", "--why", "a pause")
    assert "(off)" in rules("show", "ours")
    rules("revert", "ours", "1", "--user", "fin", "--why", "back")
    said = rules("history", "ours").splitlines()
    assert [line for line in said if not line.startswith("version")] == [
        "  Switched on", "  Switched off", "  New: Ours"
    ]  # fmt: skip
    rules("enable", "ours", "--user", "fin", "--why", "it is on already")
    assert AllocationRule.objects.filter(key="ours").count() == 3
    file = tmp_path / "rules.yml"
    rules("export", str(file))
    file.write_text(file.read_text().replace("team: a", "team: b"))
    said = rules("preview", str(file), "--from", "2026-09-01", "--to", "2026-10-01")
    assert "1 charges of 1 series: 30.00 USD would move" in said and "a → b" in said
    for wrong, told in (
        (("show", "nope"), "there is no such rule"),
        (("revert", "ours", "9", "--user", "fin", "--why", "x"), "no version 9"),
        (("disable", "ours", "--user", "nobody", "--why", "x"), "no user 'nobody'"),
        (("import", "/nowhere.yml", "--dry-run"), "nowhere"),
    ):
        with pytest.raises(CommandError, match=told):
            rules(*wrong)
    User.objects.create(username="eng", role=ENGINEER)
    with pytest.raises(CommandError, match="finance, FinOps and admins"):
        rules("disable", "ours", "--user", "eng", "--why", "x")
