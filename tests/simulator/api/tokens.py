"""Access tokens, for either app."""

from typing import Any

from tests.simulator.api.answering import Call
from tests.simulator.platform import Platform
from tests.simulator.refused import Refused


class TokenEndpoints:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def stable_token(self, call: Call) -> dict[str, Any]:
        app = self._platform.app(call.text("appid"))
        if call.body.get("grant_type") != "client_credential":
            raise Refused(40002, "invalid grant_type")
        if call.body.get("secret") != app.secret.get_secret_value():
            raise Refused(40125, "invalid appsecret")
        value, seconds = self._platform.tokens[app.appid].stable(force=bool(call.body.get("force_refresh")))
        return {"access_token": value, "expires_in": seconds}

    def token(self, call: Call) -> dict[str, Any]:
        app = self._platform.app(call.query.get("appid", ""))
        if call.query.get("grant_type") != "client_credential":
            raise Refused(40002, "invalid grant_type")
        if call.query.get("secret") != app.secret.get_secret_value():
            raise Refused(40001, "invalid credential, secret is not latest")
        value, seconds = self._platform.tokens[app.appid].plain()
        return {"access_token": value, "expires_in": seconds}


def check_token(platform: Platform, appid: str, call: Call) -> None:
    """The call carries a token of this app and no other."""
    platform.tokens[appid].check(call.query.get("access_token", ""))
