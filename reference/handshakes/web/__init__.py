"""What a person sees in a browser: the marketplace, and the partner's app."""
