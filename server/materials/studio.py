"""The studio looks at uploaded files and draws printable forms; what it refuses, it names."""

from dataclasses import dataclass
from typing import Any, Protocol

from server.errors import Invalid, Unavailable

MAX_BYTES = 5 * 1024 * 1024  # 大小不超过5MB (manual §3)
MAX_PIXELS = 50_000_000
MAX_PDF_PAGES = 50


@dataclass(frozen=True)
class Checked:
    """A file as it will be kept: decoded and written anew. `content_type`: image/jpeg, image/png, application/pdf."""

    content_type: str
    data: bytes


class EmptyFile(Invalid):
    code = "empty_file"
    message = "文件是空的，请重新选择"


class FileTooLarge(Invalid):
    code = "file_too_large"
    message = "文件大小不超过5MB"


class UnsupportedType(Invalid):
    code = "unsupported_type"
    message = "仅支持 .jpg,.png,.pdf 格式"


class DamagedFile(Invalid):
    code = "damaged_file"
    message = "文件已损坏或不完整，请重新制作后上传"


class EncryptedPdf(Invalid):
    code = "encrypted_pdf"
    message = "PDF 已加密，请去除密码后再上传"


class TooManyPixels(Invalid):
    code = "too_many_pixels"
    message = "图片尺寸过大，请缩小到 5000 万像素以内"


class TooManyPages(Invalid):
    code = "too_many_pages"
    message = "PDF 页数过多，每个文件不超过 50 页"


class TooComplex(Invalid):
    code = "too_complex"
    message = "文件内容展开后过大，无法处理，请重新扫描后上传"


class MismatchedContent(Invalid):
    code = "mismatched_content"
    message = "文件中含有图片或 PDF 以外的内容，不能上传"


class StudioBusy(Unavailable):
    code = "studio_busy"
    message = "文件处理繁忙，请稍后重试"


REFUSALS: dict[str, type[Invalid]] = {
    refusal.code: refusal
    for refusal in (
        EmptyFile,
        FileTooLarge,
        UnsupportedType,
        DamagedFile,
        EncryptedPdf,
        TooManyPixels,
        TooManyPages,
        TooComplex,
        MismatchedContent,
    )
}


class Studio(Protocol):
    async def check(self, data: bytes) -> Checked:
        """Decode the whole file and write it anew. Raises one of REFUSALS or StudioBusy."""
        ...

    async def render(self, document: str, values: dict[str, Any]) -> bytes:
        """A PDF of config/documents/<document>.typ; `values` are data and never markup. Raises StudioBusy."""
        ...
