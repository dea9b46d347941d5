"""The link that the service account sends after a scan leads to a page wherever the service stands."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from config.settings import settings
from server.accounts.binding import confirm_link
from tests.simulator.app import Simulator
from tests.simulator.conftest import Caller


@pytest.fixture
def fresh_settings() -> Iterator[None]:
    """`settings()` reads the environment of this test, and again that of the others after it."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def environment(fresh_settings: None, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Undone before the settings are forgotten."""
    return monkeypatch


async def test_in_development_the_link_opens_the_simulators_confirm_page(
    caller: Caller, simulator: Simulator, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ZCGL_PORT", str(int(urlsplit(simulator.url).port or 0) - 1))

    async with caller.http.get(confirm_link("one-use-nonce")) as answer:
        page = await answer.text()

    assert answer.status == 200
    assert "<title>绑定微信</title>" in page
    assert "确认绑定" in page


def test_with_the_real_wechat_the_link_leads_to_our_public_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ZCGL_WECHAT__BASE_URL", "https://api.weixin.qq.com")
    environment.setenv("ZCGL_PUBLIC_URL", "https://zcgl.example.org")

    assert confirm_link("n") == "https://zcgl.example.org/wechat/bind#nonce=n"
