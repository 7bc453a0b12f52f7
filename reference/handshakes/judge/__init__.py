"""Judging a partner that runs anywhere: by a command, or in a team's own tests."""
