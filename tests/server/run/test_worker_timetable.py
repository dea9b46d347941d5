"""The timetable: every periodic duty of the service is on it, once."""

from types import SimpleNamespace
from typing import Any

from server.run.timetable import jobs_of


def test_every_duty_has_its_line() -> None:
    services: Any = SimpleNamespace(slots=None, session_views=None, store=None)

    jobs = jobs_of(services, receipts=services)

    assert [job.name for job in jobs] == [
        "no_shows_then_expiry",
        "warn_before_expiry",
        "warm_grid",
        "link_audit",
        "notices",
        "replay_epochs",
        "collect_receipts",
        "give_up_held",
        "delivery_digest",
        "warn_of_calendar",
        "sweep_request_keys",
        "forget_expired_logins",
        "sweep_objects",
        "forget_callbacks",
    ]
    assert all(0 < job.at_most <= 60 for job in jobs)
