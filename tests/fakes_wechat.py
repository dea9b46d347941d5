"""What WeChat would tell the worker, told by hand."""

from dataclasses import dataclass, field

from server.accounts.wechat_identity import WechatUnavailable


@dataclass
class FakeFollowers:
    """Knows `unionids` by openid; silent, it is unavailable."""

    unionids: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    async def unionid_of(self, openid: str) -> str | None:
        self.asked.append(openid)
        if self.silent:
            raise WechatUnavailable
        return self.unionids.get(openid)
