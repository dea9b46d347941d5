"""Pages of the materials an applicant uploads; the bytes are in the object store, sealed."""

from tortoise import fields

from models.base import Row


class Page(Row):
    application_id = fields.UUIDField()
    material = fields.CharField(64)
    position = fields.IntField()  # 1-9
    object_key = fields.CharField(128)  # random; the store's context is "page:<object_key>"
    content_type = fields.CharField(32)
    size = fields.IntField()  # bytes as served
    sha256 = fields.CharField(64)  # of the bytes as served

    class Meta:
        table = "page"
        unique_together = (("application_id", "material", "position"),)
        indexes = (("object_key",),)
