"""The rules of the visit grid (config/calendar.yaml): slots, capacity, public holidays, and the words shown."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.appointments import AppointmentState
from server.businesses.record import Basis, Key, Record, Text

Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class SlotRule(Record):
    period: Text
    start: Clock
    end: Clock
    capacity: int = Field(ge=1)

    @property
    def minutes(self) -> int:
        return _minutes(self.end) - _minutes(self.start)


class RecordStatus(Record):
    label: Text
    basis: Basis
    actions: tuple[Text, ...]


class Days(Record):
    """Both ends included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("last 早于 first")
        return self


class Holidays(Record):
    """As announced; `workdays` are weekend days worked in exchange. Years not mentioned are provisional (D22)."""

    weekend_closed: bool
    closed: tuple[Days, ...]
    workdays: tuple[date, ...]
    warn_from_month: int = Field(ge=1, le=12)
    warning: Text
    note: Text | None = None
    basis: Basis

    @property
    def years(self) -> frozenset[int]:
        return frozenset(days.first.year for days in self.closed)

    def is_closed(self, on: date) -> bool:
        """Of a year in `years`: holidays, and weekends unless worked in exchange."""
        if on in self.workdays:
            return False
        on_holiday = any(days.first <= on <= days.last for days in self.closed)
        return on_holiday or (self.weekend_closed and on.weekday() >= 5)


class AppointmentRules(Record):
    days_ahead: int = Field(ge=1)
    first_day_offset: int = Field(ge=1)
    minutes_per_person: int = Field(ge=1)
    allocation: Literal["earliest_contiguous_else_earliest"]
    desk: Key
    same_business_only: Literal[True]
    change_until: Literal["day_before"]
    approved_valid_days: int = Field(ge=1)
    expiry_stops_at: Literal["handled_to_print"]
    warn_days_before: tuple[int, ...]
    slots: tuple[SlotRule, ...] = Field(min_length=1)
    closed_label: Text
    full_label: Text
    remain_label: Text
    date_label: Text
    record_time: Text
    record_columns: tuple[Text, ...]
    record_statuses: dict[str, RecordStatus]
    calendar: Holidays
    basis: dict[str, Basis]

    @property
    def slot_at(self) -> dict[str, SlotRule]:
        """By their start."""
        return {slot.start: slot for slot in self.slots}

    @model_validator(mode="after")
    def _slots_fit(self) -> Self:
        for slot in self.slots:
            if slot.capacity > slot.minutes // self.minutes_per_person:
                raise ValueError(f"slots: {slot.start} 的席位 {slot.capacity} 超过时长所容")
        for earlier, later in zip(self.slots, self.slots[1:], strict=False):
            if later.start < earlier.end:
                raise ValueError(f"slots: {later.start} 与 {earlier.start} 重叠或次序颠倒")
        return self

    @model_validator(mode="after")
    def _every_status(self) -> Self:
        if set(self.record_statuses) != set(AppointmentState):
            raise ValueError("record_statuses 应为: " + "、".join(AppointmentState))
        return self


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
