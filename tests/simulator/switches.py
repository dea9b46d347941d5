"""How the simulated WeChat behaves where the real one is free to, or differs from account to account."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """Read and set at /_/switches, one or several at a time."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    latency: float = Field(0, ge=0, le=60)  # seconds that every call of the platform takes
    token_mode: Literal["overlap", "strict"] = "overlap"  # of /cgi-bin/token
    token_seconds: float = Field(7200, gt=0)
    msgid_of_subscribe_messages: bool = False  # whether the answer of subscribe/send names it
    country_code: Literal["alternating", "string", "number"] = "alternating"  # its JSON type
    watermark_appid: str = ""  # unset: the mini program's own
    unionids: bool = True  # both apps belong to one Open Platform account
    risky_words: list[str] = ["赌博", "代开发票", "枪支"]  # msg_sec_check: suggest risky
    doubtful_words: list[str] = ["加微信", "返利"]  # suggest review
    released_pages: list[str] = []  # beside those of the settings
    receipts: bool = True  # TEMPLATESENDJOBFINISH and subscribe_msg_sent_event
    mini_program_format: Literal["json", "xml"] = "json"  # of its callbacks
    copies: int = Field(0, ge=0, le=10)  # how often an acknowledged push comes again
