"""Playing for a camera: its frames come in as they happen, and the score is made up on them."""
