"""Applications (办理记录): the form, its state, every step it took, and what reviewers said."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row, enum_column


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    APPROVED_TO_BOOK = "approved_to_book"
    BOOKED = "booked"
    APPROVED_TO_PROCESS = "approved_to_process"
    HANDLED_TO_PRINT = "handled_to_print"
    PRINTED_TO_COLLECT = "printed_to_collect"
    DONE = "done"
    EXPIRED = "expired"


class Application(Row):
    account_id = fields.UUIDField()
    business = fields.CharField(32)
    edition = fields.CharField(64)  # digest of the business edition shown; pinned at submit
    path = fields.CharField(32, default="")  # decided at submit: a key of lifecycle.PATHS
    subject_id = fields.UUIDField(null=True)  # the CPA of the roster, when picked there
    form = fields.TextField()  # sealed JSON object of answers, context "application.form:<id>"
    name = fields.CharField(50, default="")  # 姓名, for lists
    cpa_no = fields.CharField(32, default="")
    id_number_masked = fields.CharField(32, default="")
    person_index = fields.CharField(64, default="")  # blind index of the business's identity field
    id_number_index = fields.CharField(64, default="")
    live_person = fields.CharField(64, null=True)  # = person_index while submitted and not final (decisions D13)
    state = enum_column(State, default=State.DRAFT)
    version = fields.IntField(default=0)
    pages_version = fields.IntField(default=0)
    round = fields.IntField(default=0)  # how often it was submitted
    reopened: Any = fields.JSONField(null=True)  # material keys open for change after a return; null: all are
    commitment_version = fields.CharField(64, default="")
    submitted_at = fields.DatetimeField(null=True)
    approved_on = fields.DateField(null=True)
    expires_on = fields.DateField(null=True)  # last business date on which it may be booked and handled
    claimed_by = fields.UUIDField(null=True)
    claimed_until = fields.DatetimeField(null=True)
    result = fields.TextField(null=True)  # sealed JSON, context "application.result:<id>"
    copied_from = fields.UUIDField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "application"
        unique_together = (("account_id", "business", "live_person"),)
        indexes = (
            ("account_id", "id"),
            ("account_id", "state"),
            ("state", "submitted_at"),
            ("state", "expires_on"),
            ("id_number_index",),
            ("cpa_no",),
        )


class HistoryEntry(Row):
    """One line of 流程跟踪. Append-only, `version` is that of the application after the step."""

    application_id = fields.UUIDField()
    version = fields.IntField()
    state = enum_column(State)
    action = fields.CharField(32)
    remark = fields.CharField(2000, default="")
    operator_id = fields.UUIDField(null=True)  # null: the system
    operator_name = fields.CharField(100)

    class Meta:
        table = "history_entry"
        unique_together = (("application_id", "version"),)


class Submission(Row):
    """What was submitted in one round, so that the reviewer of the next sees what changed."""

    application_id = fields.UUIDField()
    round = fields.IntField()
    form = fields.TextField()  # sealed JSON, context "submission.form:<id>"
    pages: Any = fields.JSONField()  # {material key: [page id, …]}

    class Meta:
        table = "submission"
        unique_together = (("application_id", "round"),)


class Verdict(Row):
    application_id = fields.UUIDField()
    round = fields.IntField()
    decision = fields.CharField(16)  # approve or return
    materials: Any = fields.JSONField()  # [{"key", "verdict": "accepted"|"returned", "reason"}]
    form_fields: Any = fields.JSONField()  # [{"key", "reason"}]
    remark = fields.CharField(500, default="")
    reviewer_id = fields.UUIDField()

    class Meta:
        table = "verdict"
        unique_together = (("application_id", "round"),)
