"""An office of parties on either engine, and a sealed store in a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.applications import Application
from server.gateways.object_store import SealedStore, open_store
from server.gateways.studio.process import ChildStudio, open_studio
from tests.engines.engine import Engine
from tests.server.applications.office import Applicant, Office
from tests.server.materials.binder import Binder


@pytest.fixture(scope="session")
async def studio() -> AsyncIterator[ChildStudio]:
    async with open_studio() as opened:
        yield opened


@pytest.fixture
def office(engine: Engine) -> Office:
    return Office()


@pytest.fixture
async def firm(office: Office) -> Applicant:
    return await office.firm()


@pytest.fixture
async def draft(firm: Applicant) -> Application:
    return await firm.draft()


@pytest.fixture
def store(tmp_path: Path) -> SealedStore:
    return open_store("", tmp_path)


@pytest.fixture
def binder(draft: Application, store: SealedStore) -> Binder:
    return Binder(draft, store)
