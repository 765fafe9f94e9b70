"""A managed Postgres: the product's user owns its database and may make no roles. The product
works, says what an administrator has to do, and goes on from there."""

import os
from pathlib import Path
import subprocess
import sys

import psycopg
import pytest

from aicost.bi.roles import BY_HAND
from aicost.runtime.postgres import Embedded

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path):
    embedded = Embedded(tmp_path / "server", durable=False)
    embedded.start()
    try:
        yield embedded.url()
    finally:
        embedded.remove()


def test_a_user_without_rights_to_roles_is_led_to_a_login(server, tmp_path):
    place = server.rpartition("@")[2].rpartition("/")[0]
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute("create role plain login password 'plain'")
        administrator.execute("create database product owner plain")
    product = f"postgresql://plain:plain@{place}/product"

    def manage(*words: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "DATABASE_URL": product, "AICOST_HOME": str(tmp_path)}
        return subprocess.run([sys.executable, ROOT / "manage.py", *words], env=environment,
                              capture_output=True, text=True, check=False)  # fmt: skip

    assert manage("migrate", "-v0").returncode == 0
    refused = manage("bi", "setup")
    assert refused.returncode == 1 and BY_HAND.format(user="plain") in refused.stderr
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(BY_HAND.format(user="plain"))
    assert manage("bi", "setup").returncode == 0

    refused = manage("bi", "add", "bi_tool", "--teams", "a")
    assert refused.returncode == 1 and "may not make or drop logins" in refused.stderr
    by_hand = refused.stderr.partition("runs\n\n")[2].partition("\n\nand you")[0]
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(by_hand)
    added = manage("bi", "add", "bi_tool", "--teams", "a")
    assert "sees a" in added.stdout and "keeps the password" in added.stdout
    tool = f"postgresql://bi_tool:choose%20one@{place}/product"
    with psycopg.connect(tool) as session:
        assert session.execute("select count(*) from fact_cost_daily").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select * from public.bi_login")
