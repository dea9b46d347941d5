"""The service account: QR codes with a scene, template messages, who somebody is."""

from typing import Any

from tests.simulator.api.answering import Call, as_dict
from tests.simulator.api.tokens import check_token
from tests.simulator.phones import Message, Phone
from tests.simulator.platform import Platform
from tests.simulator.pushes import Pushes
from tests.simulator.refused import Refused

FIELD_LENGTH = 20
QR_SECONDS = 2_592_000


class OfficialAccountEndpoints:
    def __init__(self, platform: Platform, pushes: Pushes) -> None:
        self._platform = platform
        self._pushes = pushes
        self._appid = platform.setup.official_account.appid

    def create_qr(self, call: Call) -> dict[str, Any]:
        check_token(self._platform, self._appid, call)
        scene = as_dict(as_dict(call.body.get("action_info")).get("scene")).get("scene_str")
        self._platform.quotas.spend("qrcode/create")
        if call.body.get("action_name") != "QR_STR_SCENE" or not isinstance(scene, str) or not 1 <= len(scene) <= 64:
            raise Refused(40053, "invalid action info")
        seconds = call.body.get("expire_seconds", 60)
        if not isinstance(seconds, int) or not 1 <= seconds <= QR_SECONDS:
            raise Refused(40052, "invalid expire_seconds")
        ticket = self._platform.add_qr(scene, seconds)
        return {"ticket": ticket, "expire_seconds": seconds, "url": self._platform.qr_url(ticket)}

    def user_info(self, call: Call) -> dict[str, Any]:
        check_token(self._platform, self._appid, call)
        self._platform.quotas.spend("user/info")
        phone = self._platform.phone(call.query.get("openid", ""))
        joined = {"unionid": phone.unionid} if self._platform.switches.unionids else {}
        if not phone.follows:
            return {"subscribe": 0, "openid": phone.openid, **joined}
        known = {"subscribe_time": int(self._platform.now()), "remark": "", "groupid": 0, "tagid_list": []}
        scene = {"subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene": 0, "qr_scene_str": ""}
        return {"subscribe": 1, "openid": phone.openid, "language": "zh_CN", **joined, **known, **scene}

    def send_template(self, call: Call) -> dict[str, Any]:
        check_token(self._platform, self._appid, call)
        client_msg_id = call.text("client_msg_id")
        self._platform.quotas.spend("template/send")
        phone = self._platform.phone(call.text("touser"))
        message = self._message(call.body)
        if not phone.follows:
            raise Refused(43004, "require subscribe")
        if message.template_id in phone.muted:
            raise Refused(43101, "user refuse to accept the msg")
        self._platform.counters["template/send accepted"] += 1
        shown = self._platform.shown_before(phone.openid, client_msg_id)
        if shown is not None:
            self._platform.counters["template/send repeated"] += 1
            return {"errcode": 0, "errmsg": "ok", "msgid": shown}
        return {"errcode": 0, "errmsg": "ok", "msgid": self._show(phone, message, client_msg_id)}

    def _show(self, phone: Phone, message: Message, client_msg_id: str) -> int:
        """WeChat accepts what a person blocked, and reports later that it could not be shown."""
        msgid = self._platform.number(message)
        if client_msg_id:
            self._platform.remember(phone.openid, client_msg_id, msgid)
        if phone.blocked:
            self._pushes.receipt_later(phone, msgid, "failed:user block")
            return msgid
        phone.see(message)
        self._platform.counters["template/send visible"] += 1
        self._pushes.receipt_later(phone, msgid, "success")
        return msgid

    def _message(self, body: dict[str, Any]) -> Message:
        if body.get("template_id") not in self._platform.setup.templates.values():
            raise Refused(40037, "invalid template_id")
        url = str(body.get("url", ""))
        if len(url) > 1024:
            raise Refused(40039, "invalid url size")
        fields = {key: as_dict(item).get("value") for key, item in as_dict(body.get("data")).items()}
        if not fields or not all(isinstance(value, str) and value for value in fields.values()):
            raise Refused(47003, "argument invalid! data")
        lines = {key: " ".join(str(value).split("\n")) for key, value in fields.items()}
        return Message(
            "template",
            self._platform.now(),
            template_id=body["template_id"],
            fields={key: value[:FIELD_LENGTH] for key, value in lines.items()},
            cut=[key for key, value in lines.items() if len(value) > FIELD_LENGTH],
            url=url,
            miniprogram=as_dict(body.get("miniprogram")),
        )
