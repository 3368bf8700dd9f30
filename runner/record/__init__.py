"""What becomes evidence: rows of the ranks, samples of /proc, facts, and the scribe."""
