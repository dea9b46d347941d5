"""What WeChat's answers say, in our words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QrTicket:
    ticket: str
    url: str
    seconds: int


@dataclass(frozen=True)
class Login:
    """What a wx.login code stands for. The session_key of the answer is left where it came from."""

    openid: str
    unionid: str | None


@dataclass(frozen=True)
class UserInfo:
    """One person to the service account. `unionid` is told only of followers, and only where the service account
    and the mini program belong to one Open Platform account."""

    openid: str
    follows: bool
    unionid: str | None


@dataclass(frozen=True)
class PhoneNumber:
    """`number` without its country's code; `country`: 86."""

    number: str
    country: str


@dataclass(frozen=True)
class TextOpinion:
    """`suggest`: pass, review or risky; `label`: 100 is normal, others name the kind of trouble."""

    suggest: str
    label: int
