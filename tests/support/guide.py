"""The snippets of docs/integrate.md, by section and language, in their order."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs/integrate.md"
ADDRESS = "https://voxpop.example.com"
SECTION = re.compile(r"^##+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets(section: str, language: str, **values: str) -> list[str]:
    """The blocks of a section. `values` replace the placeholders, for example `vxp_...`."""
    _, *parts = SECTION.split(DOCUMENT.read_text())
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    found = [text for tag, text in BLOCK.findall(texts[section]) if tag == language]
    assert found, f"{section} has no block of {language}"
    return [filled(text, values) for text in found]


def filled(text: str, values: dict[str, str]) -> str:
    """The text with these values: `url`, and `vxp`, `pk`, `wsec` for `vxp_...` and so on."""
    text = text.replace(ADDRESS, values.get("url", ADDRESS))
    for name in ("vxp", "pk", "wsec"):
        text = text.replace(f"{name}_...", values.get(name, f"{name}_..."))
    return text
