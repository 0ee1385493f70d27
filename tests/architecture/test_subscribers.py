"""The map of reactions is complete: every event is on it, and every job it names exists."""

from kontor import bootstrap
from kontor.core.jobs import JOBS
from kontor.core.outbox import EVENTS
from kontor.subscribers import SUBSCRIBERS


def test_every_event_is_listed() -> None:
    bootstrap.load_models()
    ours = {name for name, event in EVENTS.items() if event.__module__.startswith("kontor.")}
    assert ours - SUBSCRIBERS.keys() == set()


def test_no_event_is_listed_that_is_none() -> None:
    bootstrap.load_models()
    assert SUBSCRIBERS.keys() - EVENTS.keys() == set()


def test_every_listed_job_exists() -> None:
    bootstrap.load()
    assert {job for jobs in SUBSCRIBERS.values() for job in jobs} - JOBS.keys() == set()
