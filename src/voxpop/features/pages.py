"""The forms that create, change and delete products and features. Parses, calls, shows."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.accounts.models import Role
from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.guards import members_only
from voxpop.db.pool import Tx
from voxpop.errors import AppError
from voxpop.features import catalogue
from voxpop.features.errors import FeatureAlreadyExists, ProductAlreadyExists
from voxpop.features.form_schemas import MESSAGES, FeatureForm, ProductForm, ThresholdsForm
from voxpop.features.models import FeatureUpdate, ListedFeature, ListedProduct, Product
from voxpop.features.schemas import MAX_DESCRIPTION
from voxpop.types import Actor, FeatureId, ProductId, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id

PATH = "/features"
PRODUCT, FEATURE = f"{PATH}/products/{{product:str}}", f"{PATH}/{{feature:str}}"
PRODUCT_FORM, FEATURE_FORM = "features/product_form.html", "features/feature_form.html"
FIELDS: dict[type[AppError], str] = {FeatureAlreadyExists: "feature_key", ProductAlreadyExists: "key"}


@get(f"{PATH}/products/new", opt=members_only(Role.ADMIN), include_in_schema=False, sync_to_thread=False)
def show_new_product(render: Renderer) -> Response[Any]:
    """The form for a new product."""
    return render(PRODUCT_FORM, **_product_context(ProductForm()))


@post(f"{PATH}/products/new", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def create_product(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, submission: Submission
) -> Response[Any]:
    """Creates a product."""
    form = await read_form(request, ProductForm)

    async def work() -> str:
        body = form.to_new()
        await catalogue.open_product(tx, actor, Product(body.key, body.name), utcnow())
        return f"{PATH}?done=product"

    with render.form(PRODUCT_FORM, messages=MESSAGES, fields=FIELDS, **_product_context(form)):
        return redirect(await submission.run_once(tx, work))


@get(f"{PRODUCT}/edit", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_product_form(
    tx: Transaction, actor: CurrentActor, render: Renderer, product: FromPath[str]
) -> Response[Any]:
    """The form of a product."""
    stored = await catalogue.get_product(tx, actor, _product_id(product))
    return render(PRODUCT_FORM, **_product_context(ProductForm.of(stored), stored))


@post(f"{PRODUCT}/edit", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def rename_product(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, product: FromPath[str]
) -> Response[Any]:
    """Renames a product."""
    form = await read_form(request, ProductForm)
    stored = await catalogue.lock_product(tx, actor, _product_id(product))
    with render.form(PRODUCT_FORM, messages=MESSAGES, **_product_context(form, stored)):
        name = form.to_name()
        if name != stored.name:
            form.check_version(ProductForm.of(stored))
            await catalogue.rename_product(tx, actor, Product(stored.key, name), utcnow())
    return redirect(f"{PATH}/products/{stored.id}?done=saved")


@post(f"{PRODUCT}/delete", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def delete_product(tx: Transaction, actor: CurrentActor, product: FromPath[str]) -> Response[Any]:
    """Deletes a product without features. A second click changes nothing."""
    stored = await catalogue.find_product(tx, actor, _product_id(product))
    if stored:
        await catalogue.delete_product(tx, actor, stored.key)
    return redirect(f"{PATH}?done=product-deleted")


@get(f"{PATH}/new", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_new_feature(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer
) -> Response[Any]:
    """The form for a new feature, of the product that the address names."""
    form = FeatureForm(request.query_params.get("product", ""))
    return render(FEATURE_FORM, **await _feature_context(tx, actor, form))


@post(f"{PATH}/new", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def create_feature(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, submission: Submission
) -> Response[Any]:
    """Creates a feature."""
    form = await read_form(request, FeatureForm)
    context = await _feature_context(tx, actor, form)

    async def work() -> str:
        await catalogue.open_feature(tx, actor, form.to_new(context["products"]), utcnow())
        return f"{PATH}?done=created"

    with render.form(FEATURE_FORM, messages=MESSAGES, fields=FIELDS, **context):
        return redirect(await submission.run_once(tx, work))


@get(f"{FEATURE}/edit", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_feature_form(
    tx: Transaction, actor: CurrentActor, render: Renderer, feature: FromPath[str]
) -> Response[Any]:
    """The form of a feature."""
    stored = await catalogue.get_feature(tx, actor, _feature_id(feature))
    return render(FEATURE_FORM, **await _feature_context(tx, actor, FeatureForm.of(stored), stored))


@post(f"{FEATURE}/edit", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_feature(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, feature: FromPath[str]
) -> Response[Any]:
    """Changes a feature's name, description and thresholds."""
    form = await read_form(request, FeatureForm)
    stored = await catalogue.lock_feature(tx, actor, _feature_id(feature))
    with render.form(FEATURE_FORM, messages=MESSAGES, **await _feature_context(tx, actor, form, stored)):
        update, thresholds = form.to_update(stored), form.to_thresholds()
        if update != FeatureUpdate() or thresholds != stored.thresholds:
            form.check_version(FeatureForm.of(stored))
        await catalogue.edit_feature(tx, actor, stored, update, thresholds, utcnow())
    return redirect(f"{PATH}/{stored.id}?done=saved")


@post(f"{FEATURE}/thresholds", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def set_thresholds(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, feature: FromPath[str]
) -> Response[Any]:
    """Sets the thresholds in a list, which is the page after it. Wrong ones are shown in the form of the feature."""
    typed = await read_form(request, ThresholdsForm)
    stored = await catalogue.lock_feature(tx, actor, _feature_id(feature))
    form = FeatureForm.of(stored)
    form.interaction_threshold, form.rejection_threshold = typed.interaction_threshold, typed.rejection_threshold
    with render.form(FEATURE_FORM, messages=MESSAGES, **await _feature_context(tx, actor, form, stored)):
        thresholds = typed.to_thresholds()
        if thresholds != stored.thresholds:
            typed.check_version(ThresholdsForm.of(stored))
        await catalogue.edit_feature(tx, actor, stored, FeatureUpdate(), thresholds, utcnow())
    query = request.scope["query_string"].decode("latin-1")
    return redirect(f"{PATH}?{query}&done=saved" if query else f"{PATH}?done=saved")


@post(f"{FEATURE}/delete", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def delete_feature(tx: Transaction, actor: CurrentActor, feature: FromPath[str]) -> Response[Any]:
    """Deletes a feature that was neither used nor rated. A second click changes nothing."""
    stored = await catalogue.find_feature(tx, actor, _feature_id(feature))
    if stored:
        await catalogue.delete_feature(tx, actor, stored.path)
    return redirect(f"{PATH}?done=deleted")


def _product_context(form: ProductForm, stored: ListedProduct | None = None) -> dict[str, Any]:
    return {"active": "features", "form": form, "stored": stored}


async def _feature_context(
    tx: Tx, actor: Actor, form: FeatureForm, stored: ListedFeature | None = None
) -> dict[str, Any]:
    products = await catalogue.list_products_with_ids(tx, actor)
    return {
        "active": "features",
        "form": form,
        "stored": stored,
        "products": products,
        "max_description": MAX_DESCRIPTION,
    }


def _product_id(text: str) -> ProductId:
    return ProductId(read_id(text, "product"))


def _feature_id(text: str) -> FeatureId:
    return FeatureId(read_id(text, "feature"))


ROUTES = [
    show_new_product,
    create_product,
    show_product_form,
    rename_product,
    delete_product,
    show_new_feature,
    create_feature,
    show_feature_form,
    change_feature,
    set_thresholds,
    delete_feature,
]
