"""The version, apart from what decides results: a new one makes nothing anew."""

__version__ = "0.1.0"
