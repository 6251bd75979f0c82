"""What is said in a video: words with times, read from and written to files."""
