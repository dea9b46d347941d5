"""One person, two openids: WeChat's unionid joins service account and mini program (decisions D6)."""

import hashlib
import hmac

from tortoise.exceptions import IntegrityError

from models.accounts import WechatApp, WechatBinding, WechatParting
from server import clock, crypto
from server.accounts.wechat_identity import WechatIdentity
from server.transactions import in_transaction, is_duplicate


async def binding_of(identity: WechatIdentity) -> WechatBinding | None:
    """Whose login a mini-program user is: by his own binding, or by his service account's where unionid joins the two.

    His own wins, when the two belong to different accounts. Once it was unbound the other no longer stands in for it:
    who unbinds his phone, or a phone of his account, must not find it logged in again by a way he does not see.
    """
    own = await WechatBinding.get_or_none(app=WechatApp.MINI_PROGRAM, openid=identity.openid)
    if own or not identity.unionid or await _has_parted(identity.openid):
        return own
    joined = WechatBinding.filter(app=WechatApp.OFFICIAL_ACCOUNT, unionid=identity.unionid)
    return await joined.order_by("id").first()


async def keep_joined(by: WechatBinding, identity: WechatIdentity) -> None:
    """A mini-program user who was let in by his service account has a binding of his own from now on: subscribe
    messages reach him, and the list shows him. Runs in the caller's transaction."""
    if by.app is not WechatApp.OFFICIAL_ACCOUNT:
        return
    at = clock.now()
    try:
        async with in_transaction():  # a savepoint
            await WechatBinding.create(
                created_at=at,
                app=WechatApp.MINI_PROGRAM,
                openid=identity.openid,
                unionid=identity.unionid,
                account_id=by.account_id,
                last_used_at=at,
                joined_by=by.id,
            )
    except IntegrityError as error:
        if not is_duplicate(error):  # else he came in twice at once
            raise


async def end_joined(by: WechatBinding) -> None:
    """What the service account's binding brought about ends with it. Runs in the caller's transaction."""
    await WechatBinding.filter(joined_by=by.id).delete()


async def remember_parting(binding: WechatBinding) -> None:
    """He was unbound in the mini program. Runs in the caller's transaction."""
    if binding.app is WechatApp.MINI_PROGRAM:
        person = _person(binding.openid)
        await WechatParting.filter(person=person).delete()
        await WechatParting.create(created_at=clock.now(), person=person)


async def forget_parting(binding: WechatBinding) -> None:
    """He is bound in the mini program again. Runs in the caller's transaction."""
    if binding.app is WechatApp.MINI_PROGRAM:
        await WechatParting.filter(person=_person(binding.openid)).delete()


async def _has_parted(openid: str) -> bool:
    return await WechatParting.exists(person=_person(openid))


def _person(openid: str) -> str:
    """Keyed, and unlike a blind index exact: openids differ in case."""
    return hmac.new(crypto.keyring().index_key, f"wechat_parting:{openid}".encode(), hashlib.sha256).hexdigest()
