"""Who notices that a rank died, hangs or vanished, and who ends what is left."""
