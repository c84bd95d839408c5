"""Writes the generated files of both clients: `make clients`."""

from generate import write

write()
