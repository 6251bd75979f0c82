"""What `import viralclip` gives to programs: jobs made here, or submitted to a server."""
