"""Wayhome: look after people abroad. ARCHITECTURE.md walks the main path."""

__version__ = "0.1.0.dev0"
