"""Everything that touches sound and pictures: FFmpeg for the clips, PyAV for looking into files."""
