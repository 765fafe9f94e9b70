"""The job table: claimed once, effect and `done` together, nothing lost when a worker is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
import threading
import time

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
import pytest

from aicost.jobs.models import Job
from aicost.jobs.queue import TRIES_MAX, claim, enqueue, purge, reap, tick
from aicost.jobs.work import drain, run, run_all
from tests.runtime.handlers import KINDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def probe(db, settings):
    settings.AICOST_JOBS = settings.AICOST_JOBS | KINDS
    with connection.cursor() as cursor:
        cursor.execute("create table probe (n integer)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("drop table probe")


def probed() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select n from probe order by n")
        return [row[0] for row in cursor.fetchall()]


def let_the_lease_run_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_it_gives_each_job_to_one_of_eight_claimants():
    jobs = {enqueue("record", {"n": n}).pk for n in range(40)}
    start = threading.Barrier(8)

    def claimant(name: str) -> list[int]:
        start.wait()
        mine = []
        while (job := claim(name)) is not None:
            mine.append(job.pk)
        connection.close()
        return mine

    with ThreadPoolExecutor(8) as pool:
        taken = [pk for mine in pool.map(claimant, "abcdefgh") for pk in mine]
    assert len(taken) == 40
    assert set(taken) == jobs


def test_it_keeps_the_effect_and_the_mark_in_one_transaction():
    enqueue("record_then_fail", {"n": 1})
    job = run(claim("w"))
    assert probed() == []
    assert (job.state, job.tries) == (Job.NEW, 1)
    assert job.error == "RuntimeError: after the row was written"
    assert job.lease_until > timezone.now()
    assert claim("w") is None


def test_it_rolls_back_a_run_whose_lease_another_worker_took():
    enqueue("record", {"n": 7})
    slow = claim("slow")
    let_the_lease_run_out(slow)
    quick = claim("quick")
    assert quick.pk == slow.pk
    assert run(slow).state == Job.RUNNING
    assert probed() == []
    assert run(quick).state == Job.DONE
    assert probed() == [7]


def test_it_keeps_the_lease_of_a_handler_that_takes_longer(settings):
    settings.AICOST_JOB_LEASE_SECONDS = 1
    enqueue("sleep", {"seconds": 2.5})
    job = claim("patient")
    worker = threading.Thread(target=lambda: (run(job), connection.close()))
    worker.start()
    for _ in range(20):
        time.sleep(0.1)
        assert claim("greedy") is None
    worker.join()
    job.refresh_from_db()
    assert (job.state, job.tries, job.claimed_by) == (Job.DONE, 1, "patient")


def test_it_gives_up_visibly_after_the_last_try():
    enqueue("record_then_fail", {"n": 1})
    for _ in range(TRIES_MAX):
        Job.objects.update(lease_until=None)
        job = run(claim("w"))
    assert (job.state, job.tries) == (Job.FAILED, TRIES_MAX)
    assert "after the row was written" in job.error
    assert job.finished_at is not None


def test_it_does_not_try_again_what_is_permanent():
    enqueue("refuse")
    job = run(claim("w"))
    assert (job.state, job.tries, job.error) == (Job.FAILED, 1, "Refused: the file is no bill")


def test_it_gives_up_a_job_that_kills_its_workers():
    enqueue("record", {"n": 1})
    for _ in range(TRIES_MAX):
        job = claim("victim")
        let_the_lease_run_out(job)
    assert claim("w") is None
    reap()
    job.refresh_from_db()
    assert (job.state, job.error) == (
        Job.FAILED,
        f"its worker vanished {TRIES_MAX} times, the last was victim",
    )


def test_it_announces_again_what_a_dead_worker_left():
    enqueue("record", {"n": 1})
    job = claim("dead")
    assert reap() == []
    let_the_lease_run_out(job)
    Job.objects.update(announced_at=timezone.now() - timedelta(minutes=1))
    assert reap() == [job.pk]
    assert reap() == []
    assert [done.state for done in drain("other")] == [Job.DONE]


def test_it_takes_a_waiting_job_of_the_same_key_again():
    first = enqueue("record", {"n": 1}, key="day")
    assert enqueue("record", {"n": 2}, key="day").pk == first.pk
    assert enqueue("record", {"n": 3}, key="other").pk != first.pk
    running = claim("w")
    assert running.pk == first.pk
    assert enqueue("record", {"n": 4}, key="day").pk != first.pk
    assert run(running).result == {"n": 2}


def test_it_starts_no_job_before_its_cause_is_committed():
    enqueue("record", {"n": 1}, key="day")
    with transaction.atomic():
        enqueue("record", {"n": 1}, key="day")
        with ThreadPoolExecutor(1) as pool:
            meanwhile = pool.submit(lambda: (claim("eager"), connection.close())[0]).result()
    assert meanwhile is None
    assert claim("later") is not None


def test_it_refuses_a_kind_nobody_handles():
    with pytest.raises(ValueError, match="no job kind 'nonsense' in settings.AICOST_JOBS"):
        enqueue("nonsense")


def test_it_changes_nothing_when_two_beats_tick(settings):
    settings.AICOST_TICK_JOBS = [("record", "tick")]
    settings.AICOST_HOURLY_JOBS = [("record", "hourly")]
    for _ in range(2):
        tick()
    waiting = Job.objects.order_by("kind", "key").values_list("kind", "key", "state")
    assert list(waiting) == [
        ("jobs.purge", "daily", "new"),
        ("record", "hourly", "new"),
        ("record", "tick", "new"),
    ]


def test_it_runs_here_what_waits_and_leaves_failures_to_the_worker():
    enqueue("record", {"n": 1})
    enqueue("record_then_fail", {"n": 2})
    enqueue("sleep", {"seconds": 0})
    states = [(job.kind, job.state) for job in run_all(["record", "record_then_fail"])]
    assert states == [("record", "done"), ("record_then_fail", "new")]
    assert probed() == [1]
    assert Job.objects.get(kind="sleep").state == Job.NEW


def test_it_waits_for_what_another_worker_has():
    enqueue("sleep", {"seconds": 0.5})
    theirs = claim("theirs")
    worker = threading.Thread(target=lambda: (run(theirs), connection.close()))
    worker.start()
    assert run_all(["sleep"]) == []
    theirs.refresh_from_db()
    assert theirs.state == Job.DONE
    worker.join()


def test_it_deletes_jobs_and_sessions_that_ended_long_ago():
    enqueue("sleep", {"seconds": 0})
    drain("w")
    failed = Job.objects.create(kind="sleep", state=Job.FAILED)
    Job.objects.update(finished_at=timezone.now() - timedelta(days=30))
    for days in (1, -1):
        expires = timezone.now() - timedelta(days=days)
        Session.objects.create(session_key=f"s{days}", session_data="", expire_date=expires)
    assert purge(None)["jobs"] == 1
    assert Job.objects.get() == failed and Session.objects.get().session_key == "s-1"
    Job.objects.update(finished_at=timezone.now() - timedelta(days=91))
    assert purge(None)["jobs"] == 1
