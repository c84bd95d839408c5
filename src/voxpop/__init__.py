"""Voxpop asks customers at the right moment, keeps every answer once, and shows what changed."""
