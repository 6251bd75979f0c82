"""What the software says about itself to those who run it."""
