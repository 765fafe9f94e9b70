"""Settings that are numbers."""

from pathlib import Path
import subprocess
import sys

import pytest

from aicost.kernel.environment import BadSetting, whole_number


def test_it_is_what_the_environment_says_or_the_usual():
    assert whole_number("DAYS", 90, environment={"DAYS": " 7 "}) == 7
    assert whole_number("DAYS", 90, environment={"DAYS": ""}) == 90
    assert whole_number("DAYS", 90, environment={}) == 90


@pytest.mark.parametrize("text", ["abc", "-1", "1.5", "1_000", "٣", "0"])
def test_it_refuses_what_is_no_such_number(text):
    with pytest.raises(BadSetting, match="DAYS is .*whole number of at least 1, or unset for 90"):
        whole_number("DAYS", 90, least=1, environment={"DAYS": text})


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("DATABASE_URL", "mysql://host/name", "starts with 'mysql'; it must be postgresql://"),
        ("DATABASE_URL", "postgresql://me:s3cr/et@host/name", "names no port behind its host"),
        ("AICOST_SMTP_URL", "smtp://me:s3cr/et@host", "is none of smtp://user:password@host:25"),
        ("AICOST_KEEP_DAYS", "soon", "is 'soon'; it must be a whole number of at least 0"),
    ],
)
def test_a_command_says_it_in_one_line(tmp_path, name, given, told):
    """And no part of a password."""
    answered = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=Path(__file__).parents[2],
        env={"AICOST_HOME": str(tmp_path), "DATABASE_URL": "postgresql://host/x", name: given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answered.returncode == 1
    assert answered.stderr.startswith(f"{name} {told}")
    assert "Traceback" not in answered.stderr and "s3cr" not in answered.stderr
