"""Verification commands in, VerifySignatures to MSign, verdicts out."""
