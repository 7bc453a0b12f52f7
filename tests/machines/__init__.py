"""State machines over whole handshakes: any order, any fault, any restart, several customers."""
