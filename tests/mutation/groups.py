"""What is mutated and by which tests: rules by the tests that need no engine, services by those on SQLite alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """`mutated`: modules under server/. `chosen`: pytest's arguments that leave only fast tests of `tests`."""

    name: str
    mutated: tuple[str, ...]
    tests: tuple[str, ...]
    chosen: tuple[str, ...]


_NO_ENGINE = ("-m", "not engine", "-k", "not TestWalk and not test_properties")
_SQLITE = ("-k", "not mariadb")

RULES = Group(
    "rules",
    mutated=(
        "crypto",
        "together",
        "businesses/answers",
        "businesses/checks",
        "businesses/conditions",
        "businesses/forms",
        "businesses/outcomes",
        "businesses/prefill",
        "businesses/requirements",
        "businesses/validate",
        "applications/lifecycle",
        "appointments/calendar",
        "appointments/ics",
        "appointments/slots",
        "messages/faults",
        "messages/fields",
        "messages/quiet",
        "messages/sms_texts",
        "messages/values",
        "messages/variants",
        "messages/wording",
    ),
    tests=(
        "tests/config",
        "tests/server/businesses",
        "tests/server/applications",
        "tests/server/appointments",
        "tests/server/messages",
        "tests/server/test_crypto.py",
        "tests/server/test_together.py",
    ),
    chosen=_NO_ENGINE,
)
ROUNDS = Group(
    "rounds", mutated=("applications/rounds",), tests=("tests/server/applications/test_rounds.py",), chosen=_SQLITE
)
VISITS = Group(
    "visits",
    mutated=("appointments/grid_memory", "appointments/hold", "appointments/places"),
    tests=(
        "tests/server/appointments/test_hold.py",
        "tests/server/appointments/test_places.py",
        "tests/server/appointments/test_grid_memory.py",
        "tests/server/appointments/test_grid_and_closing.py",
        "tests/server/appointments/test_warnings.py",
    ),
    chosen=_SQLITE,
)
SENDING = Group(
    "sending",
    mutated=("messages/deliver", "messages/leases", "messages/outcomes", "messages/recording", "messages/scopes"),
    tests=(
        "tests/server/messages/test_outcomes.py",
        "tests/server/messages/test_due.py",
        "tests/server/messages/test_lane.py",
        "tests/server/messages/test_outgoing.py",
        "tests/server/messages/test_deliver.py",
        "tests/server/messages/test_doubt.py",
        "tests/server/messages/test_leases.py",
        "tests/server/messages/test_recording.py",
        "tests/server/messages/test_pauses.py",
        "tests/server/messages/test_receipts.py",
        "tests/server/messages/test_callbacks.py",
        "tests/server/messages/test_mini_program.py",
    ),
    chosen=_SQLITE,
)
GROUPS = (RULES, ROUNDS, VISITS, SENDING)
