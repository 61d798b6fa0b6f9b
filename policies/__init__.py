"""Policy packs that judge a stack by the catalogue, and import nothing of what they judge."""
