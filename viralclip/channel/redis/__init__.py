"""The channel in Redis, for many machines: a stream of events per job, written by one script."""
