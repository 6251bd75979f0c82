"""The HTTP and WebSocket API: what people and pages ask of jobs, videos and clips."""
