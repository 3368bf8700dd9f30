"""What the machine one sits at still lacks: facts in, a table of findings out."""
