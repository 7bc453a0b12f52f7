"""What runs the two sides of a handshake: generators over HTTP or in process, transcripts, pages, the store."""
