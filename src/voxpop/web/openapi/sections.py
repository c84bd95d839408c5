"""Sections of the API: each has an OpenAPI document and pages of its own."""

from msgspec import Struct

from voxpop.web.openapi.walk import Json, objects_in


class ApiSection(Struct, frozen=True):
    """The operations under a path prefix; without a prefix, the whole API."""

    prefix: str
    title: str

    @property
    def document_path(self) -> str:
        return f"/openapi{self.prefix}/openapi.json" if self.prefix else "/openapi.json"

    @property
    def swagger_path(self) -> str:
        return f"/openapi{self.prefix}" if self.prefix else "/docs"

    @property
    def scalar_path(self) -> str:
        return f"{self.prefix}/reference"


def section_document(document: Json, section: ApiSection) -> Json:
    """The document of the section's paths, with only the components that these reference."""
    paths = {path: item for path, item in document["paths"].items() if path.startswith(f"{section.prefix}/")}
    info = document["info"] | {"title": f"{section.title} · {document['info']['title']}"}
    smaller = document | {"info": info, "paths": paths}
    smaller["components"] = {"securitySchemes": document["components"]["securitySchemes"]}
    to_scan = [paths]
    while to_scan:
        for node in objects_in(to_scan.pop()):
            if isinstance(ref := node.get("$ref"), str):
                _, _, kind, name = ref.split("/")
                components = smaller["components"].setdefault(kind, {})
                if name not in components:
                    components[name] = document["components"][kind][name]
                    to_scan.append(components[name])
    return smaller
