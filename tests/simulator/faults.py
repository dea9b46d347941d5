"""Things that go wrong on request: an errcode, a status, a lost request or reply, a delay."""

from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Fault(BaseModel):
    """`endpoint` is the end of a path, "template/send", or a callback, "callback/SCAN". Exactly one of errcode, status
    and drop, or a delay alone; to a callback only drop and delay matter.

    drop "request": cut before anything is done. drop "reply": done, then cut without an answer.
    """

    model_config = ConfigDict(extra="forbid")

    endpoint: str = Field(min_length=1)
    errcode: int | None = None
    status: int | None = Field(None, ge=400, le=599)
    drop: Literal["request", "reply"] | None = None
    delay: float = Field(0, ge=0, le=600)
    times: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _says_what(self) -> "Fault":
        chosen = [value for value in (self.errcode, self.status, self.drop) if value is not None]
        if len(chosen) > 1 or (not chosen and not self.delay):
            raise ValueError("one of errcode, status, drop, or a delay")
        return self


class Weather(Protocol):
    """Faults that nobody asked for one by one."""

    @property
    def chaos(self) -> BaseModel: ...

    def next_for(self, path: str) -> Fault | None: ...


@dataclass
class _Waiting:
    fault: Fault
    left: int


class Faults:
    """Faults in the order they were asked for; each call uses up one of the first that fits. Where none does, the
    `weather` may have one."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self.weather: Weather | None = None

    def add(self, fault: Fault) -> None:
        self._waiting.append(_Waiting(fault, fault.times))

    def clear(self) -> None:
        """Of both kinds."""
        self._waiting.clear()
        self.weather = None

    def next_for(self, path: str) -> Fault | None:
        for waiting in self._waiting:
            if path.endswith(waiting.fault.endpoint):
                waiting.left -= 1
                if waiting.left == 0:
                    self._waiting.remove(waiting)
                return waiting.fault
        return self.weather.next_for(path) if self.weather else None

    def listing(self) -> list[dict[str, object]]:
        return [{**waiting.fault.model_dump(), "left": waiting.left} for waiting in self._waiting]
