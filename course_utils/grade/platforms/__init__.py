"""What each learning platform wants to be told, and what its exports say."""
