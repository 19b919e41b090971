"""What every service builds on: the contract, messaging, persistence, signing, signatures and lifecycle."""
