"""What people import and run: the client for systems, the command line, the demo, private infrastructure."""
