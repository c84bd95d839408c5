"""Takes the pictures of README: starts Voxpop with the demo in a temporary directory, and looks at it as its owner.

It needs Chromium, and writes docs/pictures/*.png: `pictures.py [--folder FOLDER] [--program FILE]`.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs/pictures"
CHROMIUM = "/usr/bin/chromium"
WIDTH, SCALE = 1280, 1.5
OWNER = {"name": "Ines Marlow", "email": "ines@example.com"}
LINK = re.compile(r"http://\S+/login/owner\?token=\S+")
READY = re.compile(r"ready at (http://\S+)")


@contextmanager
def demo(program: list[str]) -> Iterator[str]:
    """The sign-in link of the owner of a running demo. No email leaves it, and no banner says so."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the database server has an account of its own
        (Path(folder) / "voxpop.toml").write_text('smtp_url = "smtp://127.0.0.1:1"\n')
        command = [sys.executable, *program, "serve", "--demo", "--no-worker", "--port", "0", "--data", "data"]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, cwd=folder, text=True, **output) as server:  # noqa: S603
            try:
                yield _wait_for_link(server)
            finally:
                server.terminate()


def _wait_for_link(server: "subprocess.Popen[str]") -> str:
    """Reads the log until the server is ready. The port is known only then."""
    link, lines = "", []
    assert server.stdout is not None  # noqa: S101 - it is a pipe
    for line in server.stdout:
        lines.append(line)
        if found := LINK.search(line):
            link = found[0]
        if ready := READY.search(line):
            return re.sub(r"^http://[^/]+", ready[1], link)
    sys.exit("".join(lines))


def take(page: Page, link: str, pictures: Path) -> None:
    """Signs in by the link, then takes one picture after the other."""
    page.goto(link)
    for name, value in OWNER.items():
        page.fill(f"#{name}", value)
    page.click("main .button.main")
    page.wait_for_url("**/settings**")
    for name, path, ready, height in (
        ("overview", "/overview?survey_type=CSAT10&kind=feature", ".frame.drawn", 1160),
        ("inbox", "/inbox", "html[data-keys]", 720),
    ):
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.goto(re.sub(r"/login.*", path, link))
        page.locator(ready).wait_for(state="attached")
        page.locator(".live:not(.pending)").wait_for()
        page.screenshot(path=pictures / f"{name}.png")


def main() -> None:
    """Writes the pictures in place of the old ones."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=PICTURES)
    parser.add_argument("--program", nargs="+", default=["-m", "voxpop"], help="another Voxpop, for tests")
    arguments = parser.parse_args()
    arguments.folder.mkdir(exist_ok=True)
    with demo(arguments.program) as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        take(browser.new_context(device_scale_factor=SCALE, locale="en").new_page(), link, arguments.folder)
        browser.close()


if __name__ == "__main__":
    main()
