"""Durable execution: queues the work of jobs by workflow name, knowing none of its code."""
