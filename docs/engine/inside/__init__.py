"""What runs in the browser's Python: stand-ins for what is missing there, the questions, and the lessons."""
