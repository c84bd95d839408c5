"""The document of the product's API is complete and valid."""

from typing import Any

import pytest
import schemathesis

from voxpop.app import API_SECTIONS, create_framework
from voxpop.web.openapi.docs import ApiDocs
from voxpop.web.openapi.examples import without_examples
from voxpop.web.openapi.sections import section_document
from voxpop.web.openapi.walk import operations


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = create_framework()
    return app.plugins.get(ApiDocs).document(app)


def test_every_operation_has_examples(document: dict[str, Any]) -> None:
    assert list(operations(document))
    assert without_examples(document) == []


def test_every_operation_has_a_summary_a_description_and_a_tag(document: dict[str, Any]) -> None:
    undescribed = [
        (path, method)
        for path, method, item in operations(document)
        if not all(map(item.get, ("summary", "description", "tags")))
    ]
    assert undescribed == []


def test_operation_ids_are_unique_names(document: dict[str, Any]) -> None:
    names = [item["operationId"] for _, _, item in operations(document)]
    assert len(names) == len(set(names))
    assert [name for name in names if not name.isidentifier() or name[0].isupper()] == []


def test_documents_are_valid(document: dict[str, Any]) -> None:  # C11
    for each in [document, *(section_document(document, part) for part in API_SECTIONS)]:
        schemathesis.openapi.from_dict(each).validate()


def test_the_section_of_features_has_its_own_document(document: dict[str, Any]) -> None:  # C1, C11
    features = section_document(document, API_SECTIONS[0])
    assert API_SECTIONS[0].document_path == "/openapi/api/csat/v1/openapi.json"
    assert (API_SECTIONS[0].swagger_path, API_SECTIONS[0].scalar_path) == (
        "/openapi/api/csat/v1",
        "/api/csat/v1/reference",
    )
    assert "/api/csat/v1/products" in features["paths"]
    assert [path for path in features["paths"] if not path.startswith("/api/csat/v1/")] == []
