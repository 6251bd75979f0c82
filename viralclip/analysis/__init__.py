"""Everything that looks at a video: faces, shots and sound of a scene, and where a style looks."""
