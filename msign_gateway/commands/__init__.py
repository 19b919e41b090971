"""What can be done from the command line? One module for each command of `msign-gateway`."""
