"""Composes viralclip from its parts, and makes jobs: what the commands and the Python API share."""
