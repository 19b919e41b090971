"""What can anybody do here without an account? Upload a signed file and see who signed it."""
