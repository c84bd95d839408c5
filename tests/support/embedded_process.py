"""Runs or joins an embedded database until its stdin ends: `embedded_process.py DATA [--uid N] [--bin DIR]`."""

import argparse
import os
import sys
from pathlib import Path

import msgspec

from voxpop.db.embedded.supervisor import running


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--bin", type=Path)
    arguments = parser.parse_args()
    if arguments.uid:
        # All imports are done before, because this account may not be able to read the standard library.
        os.setgroups([])
        os.setgid(arguments.uid)
        os.setuid(arguments.uid)
    with running(arguments.data, binaries=arguments.bin) as supervisor:
        sys.stdout.write(msgspec.json.encode(supervisor.server).decode() + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
