"""Durable execution: jobs queue their work by name, and a runtime runs it, whoever dies."""
