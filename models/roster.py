"""The register: accounting firms and their CPAs."""

from tortoise import fields

from models.base import Row


class Firm(Row):
    number = fields.CharField(32, unique=True)
    name = fields.CharField(100)
    initials = fields.CharField(100, default="", db_index=True)  # pinyin initials of the name: csdw201
    outside = fields.BooleanField(default=False)  # a name from elsewhere, for suggestions only

    class Meta:
        table = "firm"
        indexes = (("name",),)


class Cpa(Row):
    firm_id = fields.UUIDField(null=True)  # null: under association custody (协会代管)
    name = fields.CharField(50)
    cpa_no = fields.CharField(32)
    id_number = fields.CharField(255, null=True)  # sealed, context "cpa.id_number:<id>"
    id_number_index = fields.CharField(64, null=True)
    mobile = fields.CharField(255, null=True)  # sealed, context "cpa.mobile:<id>"
    active = fields.BooleanField(default=True)
    left_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=0)

    class Meta:
        table = "cpa"
        indexes = (("firm_id", "name"), ("cpa_no",), ("id_number_index",))
