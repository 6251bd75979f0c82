"""The progress channel: numbers a job's events, keeps them, and hands them to any watcher."""
