"""The trial of the recipes: programs that were written from the pages alone."""
