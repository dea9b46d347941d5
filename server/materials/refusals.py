"""Why a page cannot be added, replaced or removed."""

from server.errors import Invalid, NotFound, Refusal


class NoSuchMaterial(NotFound):
    code = "no_such_material"
    message = "该业务没有这项材料，或按填写内容不需要"


class NoSuchPage(NotFound):
    code = "no_such_page"
    message = "没有找到这一页材料"


class NoFile(Invalid):
    code = "no_file"
    message = "请选择要上传的文件"


class PagesFull(Refusal):
    code = "pages_full"
    message = "一项材料最多上传 9 个文件"


class MaterialLocked(Refusal):
    """The application is under way, or this material was accepted in the last review (decisions D11)."""

    code = "material_locked"
    message = "该材料当前不能修改"
