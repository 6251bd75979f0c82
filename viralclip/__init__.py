"""Turns a long video, a list of scenes and a list of styles into finished short clips."""

__version__ = "0.1.0"
