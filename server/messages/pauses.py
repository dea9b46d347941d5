"""Pauses: nothing of a channel or a template is sent until staff lift them; what waits meanwhile is not lost."""

from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.messages import Channel, Delivery, DeliveryState, SendingPause
from server import clock
from server.audit.trail import SYSTEM, Actor, record
from server.errors import Invalid, NotFound, Refusal
from server.messages.alerts import close_alert, raise_alert
from server.messages.texts import message_texts
from server.messages.tries import Sendable
from server.transactions import in_transaction, is_duplicate

CHANNEL_LABELS = {Channel.WECHAT: "微信服务号", Channel.MINI_PROGRAM: "微信小程序", Channel.SMS: "短信"}


class UnknownScope(Invalid):
    code = "unknown_scope"
    message = "没有这个渠道或模板"
    hint = "渠道如 channel:wechat，模板如 template:progress"


class AlreadyPaused(Refusal):
    code = "already_paused"
    message = "已经暂停"


class PauseNotFound(NotFound):
    message = "没有找到这项暂停"


def scopes_of(delivery: Sendable) -> tuple[str, str]:
    """The two scopes that can hold a delivery: its channel, and its text's template."""
    return f"channel:{delivery.channel}", f"template:{delivery.template}"


def pause_named_by(delivery: Sendable, scope: str) -> str:
    """A sender names a template by its own key; other channels have templates of the same key, which go on."""
    return scopes_of(delivery)[1] if scope.startswith("template:") else scope


def label_of(scope: str) -> str:
    """渠道 微信服务号, 服务号模板 业务办理进度提醒, 小程序模板 现场办理预约提醒, 短信模板 booked.person.1."""
    kind, _, name = scope.partition(":")
    if kind == "channel":
        return f"渠道 {CHANNEL_LABELS[Channel(name)]}"
    texts, key = message_texts(), name.removeprefix(f"{Channel.MINI_PROGRAM}.")
    if key != name and key in texts.subscribe_templates:
        return f"小程序模板 {texts.subscribe_templates[key].title}"
    return f"服务号模板 {texts.templates[key].title}" if key in texts.templates else f"短信模板 {name}"


async def held_scopes() -> frozenset[str]:
    """What is paused now: "channel:<channel>" and "template:<key of Delivery.template>"."""
    return frozenset(await SendingPause.all().values_list("scope", flat=True))  # type: ignore[arg-type]


async def pause(scope: str, code: str, reason: str, by: str) -> bool:
    """Hold a scope and alert staff, in the running transaction. False: it was held already, the alert counts again."""
    kind = "channel_stopped" if scope.startswith("channel:") else "template_paused"
    await raise_alert(kind, scope, f"{label_of(scope)} 已暂停发送：{reason}")
    try:
        async with in_transaction():  # a savepoint: many deliveries may meet the same fault at once
            await SendingPause.create(created_at=clock.now(), scope=scope, code=code[:32], reason=reason[:300], by=by)
    except IntegrityError as error:
        if is_duplicate(error):
            return False
        raise
    return True


async def pause_by_fault(delivery: Sendable, scope: str, code: str, reason: str) -> None:
    """A provider's answer to `delivery` stops more than this delivery."""
    await pause(pause_named_by(delivery, scope), code, reason, SYSTEM.name)


async def pause_by_staff(scope: str, reason: str, actor: Actor) -> SendingPause:
    """Raises AlreadyPaused. That `scope` exists is for the caller to see (server/messages/scopes.py)."""
    async with in_transaction():
        if not await pause(scope, "staff", reason, actor.name):
            raise AlreadyPaused
        await record(actor, "pause_sending", "sending_pause", scope, reason=reason)
    return await SendingPause.get(scope=scope)


async def list_pauses() -> list[SendingPause]:
    return await SendingPause.all().order_by("id")


async def find_pause(pause_id: UUID) -> SendingPause:
    """Raises PauseNotFound."""
    found = await SendingPause.get_or_none(id=pause_id)
    if found is None:
        raise PauseNotFound
    return found


async def count_held(scope: str) -> int:
    """How many deliveries wait for this pause to end."""
    kind, _, name = scope.partition(":")
    held = Delivery.filter(state=DeliveryState.PENDING, next_at__lte=clock.now())
    return await (held.filter(channel=name) if kind == "channel" else held.filter(template=name)).count()


async def resume(scope: str, actor: Actor) -> None:
    """Lift a pause: what is still pending is due at once, what was superseded stays so. Raises PauseNotFound."""
    async with in_transaction():
        if not await SendingPause.filter(scope=scope).delete():
            raise PauseNotFound
        await close_alert(scope, actor.name)
        await record(actor, "resume_sending", "sending_pause", scope)
