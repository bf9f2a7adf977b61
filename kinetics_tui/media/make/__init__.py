"""One clip made: fetched and cut, or of an archive's copy, then verified and put in its place."""
