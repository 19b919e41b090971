"""An MSign-compatible provider: SOAP API, Sign Page, instruments, PKI, timestamps, verification."""
