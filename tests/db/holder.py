"""Runs the embedded database, or finds it, until its input ends: `holder.py DATA [--uid N] [--bin DIR]`."""

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
    asked = parser.parse_args()
    if asked.uid:
        # All imports are done: as this account the standard library may be out of reach.
        os.setgroups([])
        os.setgid(asked.uid)
        os.setuid(asked.uid)
    with running(asked.data, binaries=asked.bin) as supervisor:
        sys.stdout.write(msgspec.json.encode(supervisor.server).decode() + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
