"""Failpoints: off unless switched on, once among all processes, and never misspelt in silence."""

from collections.abc import Iterator

import pytest

from config.settings import Settings, settings
from server import failpoints
from server.failpoints import Injected, UnknownSwitch, parse, reach
from tests.engines.engine import Engine


@pytest.fixture
def switched(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Whoever sets ZCGL_SWITCHES is heard; afterwards nothing is on."""
    yield monkeypatch
    monkeypatch.delenv("ZCGL_SWITCHES", raising=False)
    _listen()


def _listen() -> None:
    settings.cache_clear()
    failpoints._armed.cache_clear()
    failpoints._reached.clear()


def _switch(on: pytest.MonkeyPatch, switches: str, home: object) -> None:
    on.setenv("ZCGL_SWITCHES", switches)
    on.setenv("ZCGL_HOME", str(home))
    _listen()


async def test_a_point_is_passed_when_nothing_is_on(switched: pytest.MonkeyPatch, tmp_path: object) -> None:
    _switch(switched, "", tmp_path)

    await reach("booking.taken")


async def test_an_action_is_done_once_even_after_a_restart(switched: pytest.MonkeyPatch, tmp_path: object) -> None:
    _switch(switched, "booking.taken=raise", tmp_path)
    with pytest.raises(Injected):
        await reach("booking.taken")
    _listen()  # as a process that was started again

    await reach("booking.taken")


async def test_a_later_turn_can_be_chosen(switched: pytest.MonkeyPatch, tmp_path: object) -> None:
    _switch(switched, "booking.taken=raise@3", tmp_path)
    await reach("booking.taken")
    await reach("booking.taken")

    with pytest.raises(Injected):
        await reach("booking.taken")


@pytest.mark.parametrize("wrong", ["booking.takne=kill", "booking.taken=explode", "booking.taken"])
def test_a_misspelt_switch_is_refused(wrong: str) -> None:
    with pytest.raises(UnknownSwitch):
        parse(Settings.model_construct(switches=wrong))
