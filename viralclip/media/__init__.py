"""Renders clips with FFmpeg, and probes sources with PyAV; knows no style."""
