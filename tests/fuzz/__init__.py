"""Fuzzing of every reader of outside bytes: an answer or the declared refusal, and no other exception."""
