"""The phones of the simulated world and what they show."""

from dataclasses import dataclass, field
from typing import Any

KEPT_MESSAGES = 200  # of each phone; of one in a crowd KEPT_IN_A_CROWD
KEPT_IN_A_CROWD = 5


@dataclass(slots=True)
class Message:
    """What a phone shows. kind: template, subscribe, text, notice."""

    kind: str
    at: float
    text: str = ""
    template_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)  # keys of fields that were longer than 20 characters
    url: str = ""
    miniprogram: dict[str, str] = field(default_factory=dict)
    page: str = ""  # of the mini program, that a subscribe message opens
    msgid: int = 0


@dataclass(slots=True)
class Phone:
    """One person: one openid in each app, joined by the unionid."""

    name: str
    openid: str
    mini_openid: str
    unionid: str
    mobile: str = ""
    country_code: str = "86"
    follows: bool = False
    blocked: bool = False  # accepts, then reports failed:user block
    visited_at: float = 0.0  # the mini program, by a wx.login that was exchanged
    muted: set[str] = field(default_factory=set)  # template ids the person switched off, of either app
    credits: dict[str, int] = field(default_factory=dict)  # subscribe template id -> messages still allowed
    crowd: bool = False  # one of many: listed and kept nowhere
    acted_at: int = 0  # the CreateTime of the last thing the person did
    messages: list[Message] = field(default_factory=list)

    def see(self, message: Message) -> None:
        """It appears; the oldest go where there are too many."""
        self.messages.append(message)
        kept = KEPT_IN_A_CROWD if self.crowd else KEPT_MESSAGES
        if len(self.messages) > kept:
            del self.messages[:-kept]

    def act(self, now: float) -> int:
        """The CreateTime of what the person does now: nobody does two things in one second, and what tells two events
        of one person apart is the second."""
        self.acted_at = max(int(now), self.acted_at + 1)
        return self.acted_at

    def told(self, at: float, text: str) -> None:
        """WeChat's own words on the phone."""
        self.see(Message("notice", at, text=text))

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "openid": self.openid,
            "mini_openid": self.mini_openid,
            "unionid": self.unionid,
            "mobile": self.mobile,
            "follows": self.follows,
            "blocked": self.blocked,
            "muted": sorted(self.muted),
            "credits": self.credits,
            "messages": len(self.messages),
        }


def openids(tail: str) -> tuple[str, str, str]:
    """openid, mini-program openid and unionid, with WeChat's 28 characters."""
    return (
        f"oOfficial-{tail}".ljust(28, "0"),
        f"oMiniPrg-{tail}".ljust(28, "0"),
        f"union-{tail}".ljust(28, "0"),
    )
