"""The demo shop, only with `serve --demo`: a page as customers have it, with the real widget."""

import msgspec
from litestar import Response, get
from litestar.params import FromQuery
from msgspec import Struct

from voxpop.auth.dependencies import CurrentWorkspace, PageRequest, Transaction
from voxpop.auth.guards import public
from voxpop.config.settings import Settings
from voxpop.errors import NotFound
from voxpop.i18n import ENGLISH, N_, RUSSIAN, translate
from voxpop.web.rendering import PageRenderer
from voxpop.widget import demo_shop

LANGUAGES = {ENGLISH: "English", RUSSIAN: "Русский"}
# What the page's script says, by the widget's call.
TEXTS = {
    "counted": N_("Use {count} of the gift finder was counted."),
    "asked": N_("Use {count} was counted, and the response says: ask now."),
    "answered": N_("The answer {score} was stored."),
    "dismiss": N_("The question was closed, which counts as a rejection."),
    "form": N_("The feedback form was opened."),
    "surveys": N_("Due surveys were read."),
    "refused": N_("The call was refused: {message}"),
    "uses": N_("{count} of {threshold} uses"),
    "found": N_("Presents found: {count}"),
    "feedback": N_("Rate the gift finder"),
}


class ShopSettings(Struct, frozen=True):
    """What the page's script needs."""

    key: str
    guid: str
    signature: str
    locale: str
    product: str
    feature: str
    threshold: int
    texts: dict[str, str]


@get("/demo-shop", opt=public(), include_in_schema=False)
async def show_shop(
    request: PageRequest,
    tx: Transaction,
    workspace: CurrentWorkspace,
    guid: FromQuery[str | None] = None,
    language: FromQuery[str | None] = None,
) -> Response[str]:
    """A visitor keeps their count of uses by the address of the page. Without one in it, they are a new visitor."""
    settings: Settings = request.app.state.settings
    if not (settings.demo and workspace.has_demo_data):
        raise NotFound
    shop = await demo_shop.open_shop(tx, workspace.id, guid)
    layout = request.scope["state"]["layout_context"]
    render = PageRenderer(request, **(layout | ({"language": language} if language in LANGUAGES else {})))
    return render(
        "widget/demo_shop.html",
        shop=shop,
        languages=LANGUAGES,
        goods=demo_shop.GOODS,
        tags=demo_shop.TAGS,
        shop_json=msgspec.json.encode(_script_settings(shop, render.locale)).decode(),
    )


def _script_settings(shop: demo_shop.Shop, locale: str) -> ShopSettings:
    path = demo_shop.PATH
    texts = {name: translate(locale, text) for name, text in TEXTS.items()}
    return ShopSettings(
        shop.key, shop.visitor, shop.signature, locale, path.product, path.feature, shop.threshold, texts
    )


ROUTES = [show_shop]
