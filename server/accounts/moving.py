"""Moving a WeChat user between accounts (decisions D8): both are shown, the phone agrees, the former owner is told."""

from dataclasses import asdict, dataclass
from typing import Self
from uuid import UUID

from models.accounts import Account, WechatApp, WechatBinding
from server import crypto
from server.accounts.joining import end_joined
from server.accounts.revoke import IN_MINI_PROGRAM, Raised, revoke
from server.errors import Refusal
from server.messages.announce import notify_account


class BoundElsewhere(Refusal):
    """`bound_to` ({"name", "number_masked"}) says where, to the phone that has proven who it is."""

    code = "bound_elsewhere"
    message = "该微信已绑定其他账号"
    hint = "确认改绑后即可绑定到本账号，原账号会收到通知；也可以先在原账号的“设置-微信绑定”中解除绑定"


class AlreadyBound(Refusal):
    code = "already_bound"
    message = "该微信已绑定本账号"


class HolderChanged(Refusal):
    """What the phone agreed to take away has meanwhile been unbound, or moved to a third account."""

    code = "holder_changed"
    message = "该微信的绑定情况已变化，请重新操作"


@dataclass(frozen=True)
class Whose:
    """An account as the phone shows it before its owner agrees."""

    name: str
    number_masked: str

    @classmethod
    async def of(cls, account_id: UUID) -> Self:
        account = await Account.get(id=account_id)
        return cls(account.name, crypto.mask(account.number, 1, 1))


async def holder_to_leave(app: WechatApp, openid: str, to: UUID, *, agreed: bool) -> UUID | None:
    """The account that loses this openid when it is bound to `to`; None when nobody does.

    Raises AlreadyBound, and BoundElsewhere unless its owner agreed. The unique key still decides when it is written.
    """
    held = await WechatBinding.get_or_none(app=app, openid=openid)
    if held is None:
        return None
    if held.account_id == to:
        raise AlreadyBound
    if not agreed:
        raise BoundElsewhere(bound_to=asdict(await Whose.of(held.account_id)))
    return held.account_id


async def take_from(holder: UUID, app: WechatApp, openid: str, occurrence: str) -> Raised:
    """End the holder's binding and his mini-program sessions and tell him, in the running transaction.

    Raises HolderChanged unless he holds it still. The telling comes after, so that the lost phone is not among the
    told.
    """
    binding = await WechatBinding.get_or_none(app=app, openid=openid, account_id=holder)
    if binding is None or not await WechatBinding.filter(id=binding.id, account_id=holder).delete():
        raise HolderChanged
    await end_joined(binding)
    await notify_account(holder, "wechat_moved", f"{occurrence}:moved", {})
    return await revoke(holder, ending=IN_MINI_PROGRAM)
