"""Runs other programs: one way to start, watch and end them, whatever they are for."""
