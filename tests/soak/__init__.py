"""A seeded soak: everybody does everything while processes are killed, and the history is checked at the end."""
