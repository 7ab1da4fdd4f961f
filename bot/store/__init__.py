"""What is kept: favourites, preferences and recent prompts, in one SQLite file."""
