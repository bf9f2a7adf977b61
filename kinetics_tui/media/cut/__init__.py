"""Out of the fetched bytes, the clip: exactly its seconds, pictures and sound."""
