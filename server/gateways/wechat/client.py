"""WeChat's interfaces that we use, with typed questions and answers."""

import re
from typing import Any

from server.gateways.wechat.errors import WXA_CODE, ApiError, UnknownOutcome
from server.gateways.wechat.messages import SubscribeMessage, TemplateMessage
from server.gateways.wechat.quotas import TEXT_CHECK
from server.gateways.wechat.results import Login, PhoneNumber, QrTicket, TextOpinion, UserInfo
from server.gateways.wechat.transport import Transport, object_in, text_of
from server.gateways.wechat.user_data import UnfitUserData, open_user_data

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}")
_BAD_SCENE = 40169
_BAD_CODE = 40029
_LOGIN = "sns/jscode2session"
_ORIGIN = "https://api.weixin.qq.com/"  # how wechatpy writes what is not below /cgi-bin/


class AsyncWechatClient(Transport):
    """One app at WeChat. Every method may raise ApiError, NotSent or UnknownOutcome."""

    async def create_qr(self, scene: str, seconds: int) -> QrTicket:
        """`scene`: 1-64 characters; `seconds`: at most 2,592,000. Service account."""
        body = {
            "expire_seconds": seconds,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        answer = await self.post("qrcode/create", data=body)
        return QrTicket(text_of(answer, "ticket"), text_of(answer, "url"), int(answer.get("expire_seconds", seconds)))

    async def send_template(self, message: TemplateMessage) -> str:
        """The msgid that the receipt will name. Service account."""
        return text_of(await self.post("message/template/send", data=message.body()), "msgid")

    async def user_info(self, openid: str) -> UserInfo:
        """Whether somebody follows the service account, and who that is in our other app."""
        answer = await self.get("user/info", params={"openid": openid, "lang": "zh_CN"})
        return UserInfo(text_of(answer, "openid"), str(answer.get("subscribe")) == "1", answer.get("unionid") or None)

    async def code_to_session(self, code: str) -> Login:
        """Whom a wx.login code stands for. Mini program."""
        answer = await self._session(code)
        return Login(text_of(answer, "openid"), answer.get("unionid") or None)

    async def _session(self, code: str) -> dict[str, Any]:
        """With the session_key, which goes no further than this class."""
        query = {"appid": self.appid, "secret": self.secret, "js_code": code, "grant_type": "authorization_code"}
        return object_in(await self._call("get", _LOGIN, params=query))

    async def phone_number(self, code: str) -> PhoneNumber:
        """The number behind a code of the phone button, which is not wx.login's. Mini program."""
        answer = await self.post(_ORIGIN + "wxa/business/getuserphonenumber", data={"code": code})
        phone = _object(answer, "phone_info")
        if _object(phone, "watermark").get("appid") != self.appid:
            raise UnknownOutcome("a number given to another app")
        return _phone(phone)

    async def phone_number_of_old_client(self, login_code: str, encrypted: str, iv: str) -> PhoneNumber:
        """The number in the sealed data that a phone button without codes gives; one that does not open is refused
        like a used code. Mini program."""
        key = text_of(await self._session(login_code), "session_key")
        try:
            return _phone(open_user_data(encrypted, iv, session_key=key, appid=self.appid))
        except UnfitUserData:
            raise ApiError(_BAD_CODE, "sealed data does not open", _LOGIN) from None

    async def wxa_code(self, scene: str, page: str, *, check_path: bool, env_version: str) -> bytes:
        """A PNG of the mini program's code. `scene`: 1-32 characters of _SCENE; `page`: without a leading slash or a
        query; `env_version`: release, trial or develop. The code never ends: what it opens must. A scene that WeChat
        would refuse is refused as WeChat does, without asking."""
        if not _SCENE.fullmatch(scene):
            raise ApiError(_BAD_SCENE, "scene does not fit; not asked", WXA_CODE)
        body = {
            "scene": scene,
            "page": page,
            "check_path": check_path,
            "env_version": env_version,
            "is_hyaline": True,  # with a background the picture is a JPEG
        }
        picture = await self._request("post", _ORIGIN + WXA_CODE, data=body)
        if not isinstance(picture, bytes):
            raise UnknownOutcome("no picture")
        return picture

    async def send_subscribe(self, message: SubscribeMessage) -> str:
        """The msgid where WeChat tells it, which is not documented; else empty. Mini program."""
        return str((await self.post("message/subscribe/send", data=message.body())).get("msgid") or "")

    async def check_text(self, openid: str, text: str, scene: int) -> TextOpinion:
        """`text`: at most 2,500 characters; `openid`: has used the mini program within two hours; `scene`: 1 profile,
        2 comment, 3 forum, 4 social log."""
        body = {"openid": openid, "content": text, "scene": scene, "version": 2}
        result = _object(await self.post(_ORIGIN + TEXT_CHECK, data=body), "result")
        return TextOpinion(text_of(result, "suggest"), int(result.get("label", 0)))


def _phone(answer: dict[str, Any]) -> PhoneNumber:
    """The country is documented as a string and a number in WeChat's own example."""
    return PhoneNumber(text_of(answer, "purePhoneNumber"), text_of(answer, "countryCode").lstrip("+"))


def _object(answer: dict[str, Any], key: str) -> dict[str, Any]:
    """A part without which a success is none."""
    if not isinstance(answer.get(key), dict):
        raise UnknownOutcome(f"reply without {key}")
    return dict(answer[key])
