"""A year of made-up data for an empty workspace, so that every page has something to show."""

from voxpop.demo.service import load

__all__ = ["load"]
