"""Who may log in: firms, custody CPAs and staff, their login sessions, codes and WeChat bindings."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.base import Row, enum_column


class AccountKind(StrEnum):
    FIRM = "firm"
    CUSTODY = "custody"
    STAFF = "staff"


class Realm(StrEnum):
    """Account numbers are unique within a realm: a firm numbered "admin" is not the administrator."""

    APPLICANT = "applicant"
    STAFF = "staff"


class Account(Row):
    kind = enum_column(AccountKind)
    realm = enum_column(Realm)
    number = fields.CharField(32)  # 事务所执业证书编号, 注册会计师证书编号 or a staff user name
    name = fields.CharField(100)  # shown as operator: 测试单位201, admin (系统管理员)
    role = fields.CharField(16, null=True)  # staff only, a key of config/roles.yaml
    firm_id = fields.UUIDField(null=True)
    cpa_id = fields.UUIDField(null=True)
    contact_name = fields.CharField(50, default="")
    contact_mobile = fields.CharField(255, null=True)  # sealed, context "account.contact_mobile:<id>"
    contact_mobile_verified_at = fields.DatetimeField(null=True)  # WeChat's phone button told it
    password_hash = fields.CharField(255, null=True)
    initial_password_hash = fields.CharField(255, null=True)
    profile_completed_at = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    epoch = fields.IntField(default=0)  # raised by every revocation of login sessions (decisions D1)
    version = fields.IntField(default=0)
    demo = fields.BooleanField(default=False)  # a production start refuses demo accounts

    class Meta:
        table = "account"
        unique_together = (("realm", "number"),)
        indexes = (("firm_id",), ("cpa_id",))


class LoginSession(Row):
    account_id = fields.UUIDField()
    token_hash = fields.CharField(64, unique=True)
    client = fields.CharField(16)  # browser or mini_program
    epoch = fields.IntField()
    only_complete_profile = fields.BooleanField(default=False)
    last_used_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "login_session"
        indexes = (("account_id",), ("expires_at",))


class EpochRaise(Model):
    """An epoch raise that Redis has not heard of yet, the worker replays it."""

    account_id = fields.UUIDField(primary_key=True)
    epoch = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "epoch_raise"


class VerificationCode(Row):
    """A one-use code sent by SMS or WeChat (password reset)."""

    account_id = fields.UUIDField()
    purpose = fields.CharField(32)
    code_hash = fields.CharField(64)
    expires_at = fields.DatetimeField()
    tries = fields.IntField(default=0)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "verification_code"
        indexes = (("account_id", "purpose"),)


class WechatApp(StrEnum):
    OFFICIAL_ACCOUNT = "official_account"
    MINI_PROGRAM = "mini_program"


class TicketState(StrEnum):
    WAITING = "waiting"
    SCANNED = "scanned"
    CONFIRMED = "confirmed"  # the phone shows a number, the waiting page must choose it
    BOUND = "bound"
    REFUSED = "refused"


class BindingTicket(Row):
    """One try to bind a WeChat account. `id` is the public id, the secret stays in the QR (decisions D6-D8)."""

    account_id = fields.UUIDField(null=True)  # null: a mini-program login that asks for account and password
    session_id = fields.UUIDField(null=True)
    app = enum_column(WechatApp)
    secret_hash = fields.CharField(64, unique=True)
    nonce_hash = fields.CharField(64, null=True, unique=True)
    openid = fields.CharField(64, null=True)
    unionid = fields.CharField(64, null=True)
    number = fields.CharField(2, null=True)
    moves_from = fields.UUIDField(null=True)  # the account that loses this openid, which the phone agreed to
    choices = fields.CharField(32, default="")  # comma separated two-digit numbers, the right one among them
    state = enum_column(TicketState, default=TicketState.WAITING)
    reason = fields.CharField(64, default="")
    expires_at = fields.DatetimeField()
    version = fields.IntField(default=0)

    class Meta:
        table = "binding_ticket"
        indexes = (("account_id",), ("expires_at",))


class WechatBinding(Row):
    app = enum_column(WechatApp)
    openid = fields.CharField(64)
    unionid = fields.CharField(64, null=True)
    account_id = fields.UUIDField()
    reachable = fields.BooleanField(default=True)  # follows the service account, or is known to the mini program
    last_used_at = fields.DatetimeField(null=True)
    joined_by = fields.UUIDField(null=True)  # the service-account binding whose unionid made this one; ends with it

    class Meta:
        table = "wechat_binding"
        unique_together = (("app", "openid"),)
        indexes = (("account_id",), ("unionid",))


class WechatParting(Row):
    """A mini-program user who was unbound: WeChat's unionid logs him in to nothing until he is bound anew."""

    person = fields.CharField(64, unique=True)  # keyed hash of his openid, which is not kept

    class Meta:
        table = "wechat_parting"
