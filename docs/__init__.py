"""What makes the site: one plain module for each kind of page, and the hooks that call them."""
