"""Who follows the service account."""

from typing import Protocol

from server.gateways.wechat.errors import ApiError, CallFailed, Reaction, verdict_on
from server.gateways.wechat.refusals import unavailable
from server.gateways.wechat.results import UserInfo


class _People(Protocol):
    async def user_info(self, openid: str) -> UserInfo: ...


class OfficialFollowers:
    """Satisfies server.accounts.wechat_identity.Followers."""

    def __init__(self, client: _People) -> None:
        self._client = client

    async def unionid_of(self, openid: str) -> str | None:
        try:
            return (await self._client.user_info(openid)).unionid
        except ApiError as error:
            if verdict_on(error).reaction is Reaction.FINAL_RECIPIENT:  # gone meanwhile
                return None
            raise unavailable(error) from error
        except CallFailed as error:
            raise unavailable(error) from error
