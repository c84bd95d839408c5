"""Runs a command of Voxpop with a tenth of the demo: `small_demo.py ARGUMENTS`."""

from functools import partial

from voxpop import demo
from voxpop.__main__ import main

if __name__ == "__main__":
    demo.load = partial(demo.load, scale=0.1)
    main()
