"""The demo shop: what it sells, the feature and the key that it uses, and the signature of its visitors."""

import re
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from msgspec import Struct

from voxpop.db.pool import Database, Tx
from voxpop.errors import NotFound
from voxpop.features import catalogue
from voxpop.features.models import Feature, FeaturePath, Product
from voxpop.i18n import N_
from voxpop.types import Actor, Audit, FeatureId, WorkspaceId, utcnow
from voxpop.widget.signatures import sign
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.widget import service as widget_settings
from voxpop.workspaces.widget.models import PublishableKeyRow

PRODUCT = Product("shop", "Harbour Goods")
FEATURE = Feature("shop", "gift-finder", "Gift finder", "Finds a present for someone, in the demo shop", 5, 3)
PATH = FeaturePath(FEATURE.product_key, FEATURE.feature_key)
KEY_NAME = USER = "demo shop"
SIGNED_FOR = timedelta(hours=23)
VISITOR = re.compile(r"demo-[A-Za-z0-9_-]{16,40}\Z")  # the only users that the shop signs
TWIN_HOSTS = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}  # both open a demo on one's own machine


class Item(Struct, frozen=True):
    """Something to buy. `picture` is a symbol of the template `_shop_pictures.html`; the price is in euros."""

    picture: str
    name: str
    text: str
    price: int
    tags: tuple[str, ...]


class Shop(Struct, frozen=True):
    """What the page needs for the widget. `feature_id` leads to the ratings."""

    key: str
    visitor: str
    signature: str
    threshold: int
    feature_id: FeatureId


TAGS = {
    "sailors": N_("Sailors"),
    "cooks": N_("Cooks"),
    "readers": N_("Readers"),
    "children": N_("Children"),
    "early": N_("Early risers"),
}
GOODS = (
    Item("blanket", N_("Wool blanket"), N_("Woven on an old loom, warm on deck."), 89, ("readers", "sailors")),
    Item("lantern", N_("Storm lantern"), N_("Burns through the night."), 45, ("sailors", "readers")),
    Item("mug", N_("Enamel mug"), N_("Survives every fall."), 14, ("early", "sailors")),
    Item("caramels", N_("Sea salt caramels"), N_("Twelve in a tin."), 9, ("cooks", "children")),
    Item("ferry", N_("Wooden ferry"), N_("Floats, and carries three cars."), 24, ("children",)),
    Item("book", N_("Tales of the quay"), N_("Ten stories of one harbour."), 18, ("readers", "early")),
    Item("candle", N_("Beeswax candle"), N_("For the first hour of the day."), 12, ("early", "readers")),
    Item("knife", N_("Oyster knife"), N_("Short blade, oak handle."), 29, ("cooks", "sailors")),
)


async def prepare(database: Database, workspace: WorkspaceId, public_url: str) -> None:
    """Adds the shop's feature and key where they are missing. The key lists the address of this start."""
    audit, actor = Audit(utcnow(), USER), Actor(workspace, USER, frozenset())
    async with database.transaction(workspace) as tx:
        if not (await workspaces.lock_workspace(tx, workspace)).has_demo_data:
            return  # it was not empty, so it got no demo
        if all(each.key != PRODUCT.key for each in await catalogue.list_products(tx, actor)):
            await catalogue.open_product(tx, actor, PRODUCT, audit.at)
        if all(each.feature_key != PATH.feature for each in await catalogue.list_features(tx, actor, [PRODUCT.key])):
            await catalogue.open_feature(tx, actor, FEATURE, audit.at)
        key, origins = await _find_key(tx, workspace), _origins_of(public_url)
        if key is None:
            await widget_settings.create_publishable_key(tx, workspace, KEY_NAME, origins, audit)
        else:
            await widget_settings.change_publishable_key(tx, workspace, key, key.name, origins)


async def open_shop(tx: Tx, workspace: WorkspaceId, visitor: str | None) -> Shop:
    """The shop for a visitor, a new one by default. NotFound where it is not prepared."""
    key = await _find_key(tx, workspace)
    secret = (await widget_settings.get_widget_settings(tx, workspace)).secret
    features = await catalogue.list_features_with_use(tx, Actor(workspace, USER, frozenset()), FEATURE.name)
    feature = next((each for each in features if each.path == PATH), None)
    if key is None or secret is None or feature is None:
        raise NotFound
    guid = visitor if visitor and VISITOR.match(visitor) else f"demo-{secrets.token_urlsafe(12)}"
    signature = sign(secret, "guid", guid, int((utcnow() + SIGNED_FOR).timestamp()))
    return Shop(key.text, guid, signature, feature.interaction_threshold, feature.id)


async def _find_key(tx: Tx, workspace: WorkspaceId) -> PublishableKeyRow | None:
    keys = await widget_settings.list_publishable_keys(tx, workspace)
    return next((key for key in keys if key.name == KEY_NAME), None)


def _origins_of(public_url: str) -> list[str]:
    """The demo's own address; on one's own machine its other name too."""
    url = urlsplit(public_url)
    port = f":{url.port}" if url.port else ""
    hosts = [url.hostname or "", *filter(None, [TWIN_HOSTS.get(url.hostname or "")])]
    return [f"{url.scheme}://{host}{port}" for host in hosts]
