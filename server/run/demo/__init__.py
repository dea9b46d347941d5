"""The manual's story played over HTTP, every label and message compared with the manual's wording."""
