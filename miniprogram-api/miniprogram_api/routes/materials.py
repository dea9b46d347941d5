"""材料: upload, preview, replace and remove pages before submission (manual §3.1)."""

from uuid import UUID

from sanic import Blueprint

from miniprogram_api.schemas.applications import PageView
from models.materials import Page
from server.applications.lookup import own_application
from server.applications.rounds import changeable_application
from server.http.call import Call, Reply
from server.http.endpoint import APPLICANT, PAGE_MEDIA, endpoint
from server.http.schemas import Key, Listing, Nothing
from server.materials.pages import add_page, find_page, read_page, remove_material, remove_page, replace_pages
from server.materials.refusals import NoFile

blueprint = Blueprint("materials", url_prefix="/api/v1/applications")


@endpoint(blueprint, "PUT /<id>/materials/<key>", access=APPLICANT, upload=True)
async def replace(call: Call, id: UUID, key: Key) -> Listing[PageView]:
    """上传一项材料，替换原有的全部文件；每个文件不超过 5MB"""
    application = await changeable_application(call.caller, id, key)
    services = call.services
    pages = await replace_pages(application, key, call.files(), store=services.store, studio=services.studio)
    return Listing[PageView](items=[PageView.of(page) for page in pages])


@endpoint(blueprint, "POST /<id>/materials/<key>/pages", access=APPLICANT, upload=True, status=201)
async def add(call: Call, id: UUID, key: Key) -> PageView:
    """为一项材料增加一个文件，最多 9 个"""
    application, files = await changeable_application(call.caller, id, key), call.files()
    if len(files) != 1:
        raise NoFile
    services = call.services
    return PageView.of(await add_page(application, key, files[0], store=services.store, studio=services.studio))


@endpoint(blueprint, "GET /<id>/materials/<key>", access=APPLICANT, media=PAGE_MEDIA)
async def first(call: Call, id: UUID, key: Key) -> Reply:
    """预览一项材料的第一个文件"""
    return await _file(call, id, key, "1")


@endpoint(blueprint, "GET /<id>/materials/<key>/pages/<ref>", access=APPLICANT, media=PAGE_MEDIA)
async def page(call: Call, id: UUID, key: Key, ref: str) -> Reply:
    """预览一项材料的一个文件"""
    return await _file(call, id, key, ref)


@endpoint(blueprint, "DELETE /<id>/materials/<key>", access=APPLICANT)
async def remove(call: Call, id: UUID, key: Key) -> Nothing:
    """删除一项材料的全部文件"""
    await remove_material(await changeable_application(call.caller, id, key), key, store=call.services.store)
    return Nothing()


@endpoint(blueprint, "DELETE /<id>/materials/<key>/pages/<ref>", access=APPLICANT)
async def remove_one(call: Call, id: UUID, key: Key, ref: str) -> Nothing:
    """删除一项材料的一个文件"""
    await remove_page(await changeable_application(call.caller, id, key), key, ref, store=call.services.store)
    return Nothing()


async def _file(call: Call, id: UUID, key: Key, ref: str) -> Reply:
    application = await own_application(call.caller, id)
    return await as_download(await find_page(application.id, key, ref), call)


async def as_download(page: Page, call: Call) -> Reply:
    """The bytes with a name that says nothing of whose they are."""
    data = await read_page(page, store=call.services.store)
    suffix = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}[page.content_type]
    name = f'attachment; filename="{page.material}-{page.position}.{suffix}"'
    return Reply(data, page.content_type, headers={"Content-Disposition": name})
