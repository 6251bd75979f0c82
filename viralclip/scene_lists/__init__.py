"""The formats scene lists come in: a text becomes rows in the video's time, values unchecked."""
