"""A process that renders: serves one engine's queues, and takes over the work of dead workers."""
