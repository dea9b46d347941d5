"""Everything that can be paused: each channel, and each template of its texts."""

from models.messages import Channel, SendingPause
from server.audit.trail import Actor
from server.messages.outbox import template_key
from server.messages.pauses import UnknownScope, pause_by_staff
from server.messages.sms_texts import sms_templates
from server.messages.texts import message_texts


def known_scopes() -> list[str]:
    """channel:wechat …, template:progress, template:mini_program.visit, template:booked.person.1 …"""
    texts = message_texts()
    templates = [template_key(Channel.WECHAT, key) for key in texts.templates]
    templates += [template_key(Channel.MINI_PROGRAM, key) for key in texts.subscribe_templates]
    templates += [template.key for template in sms_templates()]
    return [f"channel:{channel}" for channel in Channel] + [f"template:{key}" for key in templates]


async def pause_scope(scope: str, reason: str, actor: Actor) -> SendingPause:
    """Hold a scope by hand. Raises UnknownScope, AlreadyPaused."""
    if scope not in known_scopes():
        raise UnknownScope(field="scope")
    return await pause_by_staff(scope, reason, actor)
