"""How well the camera follows, on made-up films whose truth is known."""
