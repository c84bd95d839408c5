"""The JavaScript client: its types, and a program against the running product."""

from pathlib import Path

import msgspec
from tests.clients.test_python import EXAMPLE
from tests.support.api_calls import ExampleCall
from tests.support.programs import run_node

ROOT = Path(__file__).parents[2]


async def test_a_program_uses_the_client(url: str, key: str, calls: list[ExampleCall]) -> None:
    given = {"url": url, "key": key, "calls": calls}
    said = msgspec.json.decode(await run_node(Path(__file__).with_name("program.ts"), given=given))
    assert said["outcomes"] == {call.name: call.outcome for call in calls}
    assert said["signature"] == EXAMPLE


async def test_the_package_can_be_built(tmp_path: Path) -> None:
    project, compiler = ROOT / "clients/js", ROOT / "tests/vendor/typescript/tsc.js"
    await run_node(compiler, "-p", project, "--outDir", tmp_path)
    check = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ Client, sign }} from "{tmp_path}/index.js";
        if (!(new Client("http://x", "y").increment && sign)) throw new Error("a part is missing");
        if (!readFileSync("{tmp_path}/calls.d.ts", "utf8").includes("increment(")) throw new Error("types are missing");
    """
    await run_node("--input-type=module", "--eval", check)
