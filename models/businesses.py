"""Editions: the loaded business as it was when an application was submitted, never changed."""

from tortoise import fields
from tortoise.models import Model

from models.base import Row


class BusinessEdition(Model):
    digest = fields.CharField(64, primary_key=True)  # sha256 of body
    key = fields.CharField(32)
    body = fields.TextField()  # canonical JSON
    created_at = fields.DatetimeField()

    class Meta:
        table = "business_edition"
        indexes = (("key", "created_at"),)


class FilingWindow(Row):
    """When a business that needs one may be filed (任职资格检查: 申报期), decisions D17."""

    business = fields.CharField(32)
    year = fields.IntField()
    opens_on = fields.DateField()
    closes_on = fields.DateField()

    class Meta:
        table = "filing_window"
        unique_together = (("business", "year"),)
