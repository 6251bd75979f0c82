"""Records of videos, jobs, clips and step timings, and the one place that says how a clip ended."""
