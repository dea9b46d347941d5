"""Every way in which a visit is refused."""

from server.errors import Invalid, Refusal, Unavailable


class SlotFull(Refusal):
    code = "slot_full"
    message = "该时段已约满"
    hint = "请选择其他时间段"


class DayClosed(Refusal):
    code = "day_closed"
    message = "所选日期为公休日，不办理业务"


class DayNotOffered(Invalid):
    code = "day_not_offered"
    message = "只能预约次日起 7 天内的时间段"


class NoSuchSlot(Invalid):
    code = "no_such_slot"
    message = "没有这个时间段"


class MixedBusinesses(Refusal):
    code = "mixed_businesses"
    message = "不同事项不能同时预约"


class NotBookable(Refusal):
    code = "not_bookable"
    message = "所选记录中有不处于“审核通过待预约”状态的，请刷新后重试"


class PastDeadline(Refusal):
    code = "past_deadline"
    message = "所选日期已超过 30 天办理期限"


class TooManyPeople(Invalid):
    code = "too_many_people"
    message = "一次最多预约 12 人，请分批预约"


class DayNotCleared(Refusal):
    code = "day_not_cleared"
    message = "还有预约没有取消成功，该日暂未完全关闭"
    hint = "请再操作一次"


class AppointmentConflict(Refusal):
    """The appointment is in a state, or has people in a state, that does not allow the step."""

    code = "appointment_state"
    message = "该预约当前状态不允许此操作"


class TooLateToChange(Refusal):
    code = "too_late_to_change"
    message = "只能在预约日期之前改约或取消"


class SameSlot(Refusal):
    code = "same_slot"
    message = "已在该时段"


class KeyMissing(Invalid):
    code = "idempotency_key_required"
    message = "缺少 Idempotency-Key"


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    message = "同一 Idempotency-Key 不能用于不同的请求"


class Contended(Unavailable):
    code = "contended"
    message = "预约人数较多，请稍后再试"


class OutcomeUnknown(Unavailable):
    code = "outcome_unknown"
    message = "预约结果尚未确认，请用同一 Idempotency-Key 重试"


class DayHasBookings(Refusal):
    code = "day_has_bookings"
    message = "该日已有预约，不能直接关闭"
    hint = "可选择“取消并通知”"


class CapacityInUse(Refusal):
    code = "capacity_in_use"
    message = "要关闭的席位上已有预约"
