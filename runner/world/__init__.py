"""Ranks together: who is where, what they tell each other, and what time it is."""
