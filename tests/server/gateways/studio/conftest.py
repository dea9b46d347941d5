"""The real studio: one bounded child process for all tests that do not harm it."""

from collections.abc import AsyncIterator

import pytest

from server.gateways.studio.process import ChildStudio, open_studio


@pytest.fixture(scope="session")
async def studio() -> AsyncIterator[ChildStudio]:
    async with open_studio() as opened:
        yield opened
