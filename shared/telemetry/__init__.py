"""How do operators see what happens? Logs and metrics of every service."""
